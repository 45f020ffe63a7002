export function groupRuns(values) {
  const runs = []
  for (const value of values) {
    const last = runs[runs.length - 1]
    if (last !== undefined && last[0] === value) last[1] += 1
    else runs.push([value, 1])
  }
  return runs
}
