/** Returns a number with its noun: `1 test`, `2 tests`. */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`
}

/** Returns a share with its noun: `1 of 1 test`, `0 of 2 tests`. */
export function share(part: number, total: number, noun: string): string {
  return `${part} of ${counted(total, noun)}`
}

/** Returns a share of the tests a user gave: `1 of 1 test that was given`, `0 of 2 tests that were given`. */
export function givenTests(passed: number, total: number): string {
  return `${share(passed, total, 'test')} that ${total === 1 ? 'was' : 'were'} given`
}
