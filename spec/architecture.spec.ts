import { expect } from 'chai'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url))
const layers = ['domain', 'commands', 'projections', 'read-api', 'workers', 'ops'] as const

interface Import {
  /** From the root, such as `ops/platform/route.ts`; a package's or a builtin's name otherwise. */
  what: string
  kind: 'ours' | 'package' | 'node'
  typeOnly: boolean
}

interface Source {
  file: string
  imports: Import[]
  reExports: boolean
  /** What the house does not write, with its line. */
  strange: string[]
  readsEnvironment: boolean
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .flatMap((entry) => (entry.isDirectory() ? filesIn(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]))
    .filter((file) => /\.[cm]?[jt]s$/.test(file))
}

function parse(file: string): Source {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.ES2023, true)
  const found: Source = { file, imports: [], reExports: false, strange: [], readsEnvironment: false }
  const importOf = (name: string, typeOnly: boolean) => {
    if (name.startsWith('.')) {
      const what = relative(root, join(root, dirname(file), name)).replaceAll('\\', '/')
      found.imports.push({ what, kind: 'ours', typeOnly })
    } else {
      const builtin = name.startsWith('node:') || builtinModules.includes(name)
      found.imports.push({ what: name, kind: builtin ? 'node' : 'package', typeOnly })
    }
  }
  const strange = (node: ts.Node, what: string) =>
    found.strange.push(`${what} in line ${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`)

  function visit(node: ts.Node): void {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const clause = node.importClause
      const named = clause?.namedBindings
      const allTypes =
        !clause?.name && named && ts.isNamedImports(named) && named.elements.every(({ isTypeOnly }) => isTypeOnly)
      importOf(node.moduleSpecifier.text, Boolean(clause?.isTypeOnly || allTypes))
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      found.reExports = true
      importOf(node.moduleSpecifier.text, node.isTypeOnly)
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      if (ts.isStringLiteral(node.argument.literal)) importOf(node.argument.literal.text, true)
    } else if (ts.isCallExpression(node)) {
      const loads =
        node.expression.kind === ts.SyntaxKind.ImportKeyword ||
        /^require(?:\.resolve)?$/.test(node.expression.getText())
      const name = node.arguments[0]
      if (loads && name && ts.isStringLiteralLike(name)) importOf(name.text, false)
    } else if (ts.isEnumDeclaration(node)) strange(node, 'an enum')
    else if (ts.isModuleDeclaration(node)) {
      // Typing somebody else's package, by its name in quotes, is no namespace of ours.
      if (!ts.isStringLiteral(node.name) && !(node.flags & ts.NodeFlags.GlobalAugmentation))
        strange(node, 'a namespace')
    } else if (ts.isDecorator(node)) strange(node, 'a decorator')
    else if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      if (/^(?:globalThis\??\.)?process(?:\??\.env|\??\.?\[['"]env['"]\])$/.test(node.getText()))
        found.readsEnvironment = true
    } else if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name)) {
      const names = node.name.elements.map(({ name, propertyName }) => (propertyName ?? name).getText())
      if (node.initializer?.getText() === 'process' && names.includes('env')) found.readsEnvironment = true
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  found.readsEnvironment ||= found.imports.some(
    ({ what }) => /^(?:node:)?process$/.test(what), // The same by another name.
  )
  return found
}

const sources = layers.flatMap(filesIn).map(parse)
const specs = filesIn('spec')
const specSources = specs.map(parse)
const typescript = sources.filter(({ file }) => file.endsWith('.ts'))
const within = (...folders: string[]) =>
  typescript.filter(({ file }) => folders.some((one) => file.startsWith(`${one}/`)))
const isIn = (what: string, ...places: string[]) =>
  places.some((place) => what === place || what.startsWith(`${place}/`))

/** Every import of these sources that `allowed` does not allow, in words. */
const strays = (from: readonly Source[], allowed: (one: Import, file: string) => boolean) =>
  from.flatMap(({ file, imports }) =>
    imports
      .filter((one) => !allowed(one, file))
      .map(({ what, typeOnly }) => `${file} → ${what}${typeOnly ? ' (types)' : ''}`),
  )

describe('the architecture', () => {
  it('is read from the imports of every layer, each of which leads somewhere', () => {
    for (const layer of layers) expect(within(layer), layer).not.to.be.empty
    const imports = sources.flatMap((source) => source.imports)
    expect(imports.filter(({ kind }) => kind === 'ours')).to.have.lengthOf.above(100)
    expect(sources.find(({ file }) => file === 'commands/handle.ts')!.imports).to.deep.include.members([
      { what: 'lru-cache', kind: 'package', typeOnly: false },
      { what: 'domain/refusal.ts', kind: 'ours', typeOnly: false },
    ])
    const lost = sources.flatMap(({ file, imports }) =>
      imports
        .filter(({ what, kind }) => kind === 'ours' && !existsSync(join(root, what)))
        .map(({ what }) => `${file} → ${what}`),
    )
    expect(lost).to.deep.equal([])
  })

  describe('has these arrows and no other', () => {
    it('domain → nothing: no package, nothing of Node', () =>
      expect(strays(within('domain'), ({ what }) => isIn(what, 'domain'))).to.deep.equal([]))

    it('commands, projections → domain, ops/platform', () => {
      for (const layer of ['commands', 'projections'])
        expect(
          strays(within(layer), ({ what, kind }) => kind !== 'ours' || isIn(what, layer, 'domain', 'ops/platform')),
        ).to.deep.equal([])
    })

    // commands/http.ts for the intent of the system alone.
    it('workers → domain, ops/platform, commands/handle, commands/http', () =>
      expect(
        strays(
          within('workers'),
          ({ what, kind }) =>
            kind !== 'ours' ||
            isIn(what, 'workers', 'domain', 'ops/platform', 'commands/handle.ts', 'commands/http.ts'),
        ),
      ).to.deep.equal([]))

    it('read-api → ops/platform, and the types of projections', () =>
      expect(
        strays(
          within('read-api'),
          ({ what, kind, typeOnly }) =>
            kind !== 'ours' || isIn(what, 'read-api', 'ops/platform') || (typeOnly && isIn(what, 'projections')),
        ),
      ).to.deep.equal([]))

    it('ops/platform → packages only', () =>
      expect(
        strays(within('ops/platform'), ({ what, kind }) => kind !== 'ours' || isIn(what, 'ops/platform')),
      ).to.deep.equal([]))

    it('ops/embedded → packages, ops/platform', () =>
      expect(
        strays(
          within('ops/embedded'),
          ({ what, kind }) => kind !== 'ours' || isIn(what, 'ops/embedded', 'ops/platform'),
        ),
      ).to.deep.equal([]))

    it('nothing → spec', () => expect(strays(sources, ({ what }) => !isIn(what, 'spec'))).to.deep.equal([]))

    it('nothing → ops/bench', () =>
      expect(strays(sources, ({ what }, file) => isIn(file, 'ops/bench') || !isIn(what, 'ops/bench'))).to.deep.equal(
        [],
      ))

    it('nothing → ops/main, which is where everything begins', () =>
      expect(strays(typescript, ({ what }) => what !== 'ops/main.ts')).to.deep.equal([]))
  })

  it('names builtin modules as such: node:fs', () =>
    expect(strays(sources, ({ what, kind }) => kind !== 'node' || what.startsWith('node:'))).to.deep.equal([]))

  it('imports our own files by their whole name', () =>
    expect(strays(sources, ({ what, kind }) => kind !== 'ours' || /\.(?:[cm]?[jt]s|json)$/.test(what))).to.deep.equal(
      [],
    ))

  it('reads the environment in one place', () => {
    const entries = /^ops\/(?:main\.ts|run\.mjs|prepare\.mjs|embedded\/(?:\w+\/)?main\.ts)$/
    const readers = sources.filter(({ readsEnvironment }) => readsEnvironment).map(({ file }) => file)
    expect(readers).to.include('ops/main.ts')
    expect(readers.filter((file) => !entries.test(file))).to.deep.equal([])
  })

  it('has no drawer for odds and ends', () => {
    const drawers = /(?:^|\/)(?:utils?|helpers?|common|shared|misc)(?:\.\w+)*(?:\/|$)/i
    expect([...sources.map(({ file }) => file), ...specs].filter((file) => drawers.test(file))).to.deep.equal([])
  })

  it('has no barrel', () => {
    const barrels = sources.filter(({ file, reExports }) => reExports && /(?:^|\/)index\.\w+$/.test(file))
    expect(barrels.map(({ file }) => file)).to.deep.equal([])
  })

  it('has no enum, no namespace, no decorator', () =>
    expect(
      [...sources, ...specSources].flatMap(({ file, strange }) => strange.map((what) => `${file}: ${what}`)),
    ).to.deep.equal([]))
})
