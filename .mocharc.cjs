// `npm test` runs two halves at once (spec/run.mjs), `npx mocha` all specs one after the other.
const all = 'spec/**/*.spec.ts'
const system = 'spec/{commands,journeys,workers}/**/*.spec.ts'
// What only `npm run test:long` runs.
const tooLong = process.env.SPEC_LONG ? [] : ['spec/long/**']
const halves = { system: { spec: system }, rest: { spec: all, ignore: [system, ...tooLong] } }

module.exports = {
  'node-option': ['import=tsx'],
  extension: ['ts'],
  ...(halves[process.env.SPEC_HALF] ?? { spec: all, ignore: tooLong }),
  require: ['spec/hooks.ts'],
  reporter: 'spec/reporter.cjs',
  timeout: 20000,
  exit: true,
}
