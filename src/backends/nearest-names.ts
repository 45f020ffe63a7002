/**
 * Returns up to `limit` of the names, those most like `wanted` first; ties keep the order given. Likeness is the edit
 * distance with case ignored, where a name that contains the wanted one comes before any other.
 */
export function nearestNames(wanted: string, names: readonly string[], limit = 3): string[] {
  const target = wanted.toLowerCase().slice(0, 200)
  return names
    .map((name, index) => ({ name, index, cost: cost(target, name.toLowerCase().slice(0, 200)) }))
    .sort((a, b) => a.cost - b.cost || a.index - b.index)
    .slice(0, limit)
    .map(({ name }) => name)
}

function cost(target: string, name: string): number {
  const distance = editDistance(target, name)
  return name.includes(target) || target.includes(name) ? distance / 1000 : distance
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
