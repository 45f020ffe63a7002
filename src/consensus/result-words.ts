/** Returns what a call does, as a clause with a verb: `gives 3`, `raises ValueError: no`. `result` is a printed outcome; null is none. */
export function resultWords(result: string | null): string {
  if (result === null) return 'gives nothing'
  if (result === 'not run') return 'was not run'
  return result === 'runs out of time' || result.startsWith('raises ') ? result : `gives ${result}`
}
