import { expect } from 'chai'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { createMetrics } from '../../ops/platform/metrics.ts'
import { attemptsIn, measured, measureFleet, measureJobs, measurePasswords } from '../../ops/roles/measured.ts'
import { measureProjections } from '../../ops/projections/metrics.ts'
import { missingObjects, requestDurations } from '../../ops/server/metrics.ts'

const root = new URL('../..', import.meta.url).pathname
const read = (path: string) => readFileSync(join(root, path), 'utf8')

interface Rule {
  alert: string
  expr: string
  annotations: { runbook: string; summary: string }
}

/** All that a process of every role tells of itself, by name. */
async function told(): Promise<Set<string>> {
  const metrics = createMetrics()
  const none = {} as never
  measured({ store: none, objects: none, lifecycle: none } as never, metrics)
  measureJobs({ query: () => Promise.resolve({ rows: [] }) } as never, metrics)
  attemptsIn(metrics)
  measureFleet({ places: () => [] }, metrics)
  measurePasswords({ waiting: () => 0 }, metrics)
  measureProjections(metrics, () => undefined)
  missingObjects(metrics)
  requestDurations(metrics)
  const text = await metrics.scrape()
  const named = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)]
  return new Set(
    named.flatMap(([, name, type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name!],
    ),
  )
}

/** What of an expression of PromQL could be the name of a metric. */
const namesIn = (expr: string) =>
  expr.replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"|\b(?:by|without) \([^)]*\)/g, ' ').match(/\b[a-z]+(?:_[a-z0-9]+)+\b/g) ??
  []
const functions = new Set(['histogram_quantile'])

describe('what is watched', () => {
  const { groups } = parse(read('ops/observability/alerts.yml')) as { groups: { rules: Rule[] }[] }
  const rules = groups.flatMap((group) => group.rules)
  const dashboard = JSON.parse(read('ops/observability/grafana.json')) as {
    panels: { id: number; title: string; targets: { expr: string }[] }[]
  }

  it('is told by the processes, under those very names', async () => {
    const names = await told()
    const panels = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ alert: title, expr })))
    for (const { alert, expr } of [...rules, ...panels]) {
      const used = namesIn(expr).filter((name) => !functions.has(name))
      expect(used, alert).not.to.deep.equal([])
      for (const name of used) expect([...names], `${alert}: ${name}`).to.include(name)
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).to.equal(dashboard.panels.length)
  })

  it('leads to a runbook each, and runbooks lead to each other', () => {
    expect(rules.length).to.be.greaterThan(8)
    for (const { alert, annotations } of rules)
      expect(existsSync(join(root, annotations.runbook)), alert).to.equal(true)
    for (const name of readdirSync(join(root, 'ops/runbooks')))
      for (const [, link] of read(`ops/runbooks/${name}`).matchAll(/\]\(([\w-]+\.md)\)/g))
        expect(existsSync(join(root, 'ops/runbooks', link!)), `${name} → ${link}`).to.equal(true)
  })

  it('names in runbooks routes and commands that there are', () => {
    const api = read('packages/web-shared/src/api/schema.ts')
    const paths = [...api.matchAll(/^ {2,4}['"](\/[^'"]+)['"]: \{/gm)].map(([, path]) => path!.replace(/\{\w+\}/g, '*'))
    expect(paths.length).to.be.greaterThan(50)
    for (const name of readdirSync(join(root, 'ops/runbooks')))
      for (const [, path] of read(`ops/runbooks/${name}`).matchAll(/`(?:[A-Z]+ )?(\/api\/[^`?\s]+)/g)) {
        const asked = path!.replace(/<\w+>/g, '*').replace('recording_retention_days', '*')
        expect(paths, `${name}: ${path}`).to.include(asked)
      }
  })
})
