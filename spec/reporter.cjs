// Mocha's spec reporter with one plain closing line for CI and for people in a hurry; with SPEC_TIMES it tells which files took longest.
const path = require('node:path')
const { Spec } = require('mocha').reporters

module.exports = class extends Spec {
  constructor(runner, options) {
    super(runner, options)
    this.seconds = new Map()
    let began = 0
    const isOfFile = (suite) => suite.parent?.root
    runner.on('suite', (suite) => isOfFile(suite) && (began = performance.now()))
    runner.on('suite end', (suite) => {
      if (!isOfFile(suite)) return
      const file = path.relative(process.cwd(), suite.file)
      this.seconds.set(file, (this.seconds.get(file) ?? 0) + (performance.now() - began) / 1000)
    })
  }

  epilogue() {
    super.epilogue()
    const { passes, failures, pending } = this.stats
    if (process.env.SPEC_TIMES)
      for (const [file, seconds] of [...this.seconds].sort(([, one], [, other]) => other - one).slice(0, 40))
        console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`)
    console.log(`\n${passes} passed, ${failures} failed${pending ? `, ${pending} skipped` : ''}`)
  }
}
