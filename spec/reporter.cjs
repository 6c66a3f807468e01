// Mocha's spec reporter with one plain closing line for CI and for people in a hurry.
const { Spec } = require('mocha').reporters

module.exports = class extends Spec {
  epilogue() {
    super.epilogue()
    const { passes, failures, pending } = this.stats
    console.log(`\n${passes} passed, ${failures} failed${pending ? `, ${pending} skipped` : ''}`)
  }
}
