/**
 * Returns in one line why code cannot be isolated: everything that was tried, in order, since a single line of it (that root was
 * dropped, that one driver is missing) explains nothing. `why` are the sandbox's own lines.
 */
export function describeNoIsolation(why: readonly string[]): string {
  const lines = why.map((line) => line.trim()).filter((line) => line !== '')
  return lines.length === 0 ? 'this machine cannot isolate code' : lines.join('; ').slice(0, 800)
}
