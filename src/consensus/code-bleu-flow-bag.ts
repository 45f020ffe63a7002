import { type Bag, makeBag } from './code-bleu-bag.ts'
import { type FlowEdge, mergeEdges } from './code-bleu-flow.ts'
import { joinHashes, mixHash } from './stable-hash.ts'

/**
 * Returns the multiset of a program's data-flow edges with its names replaced by numbers in the order they first
 * appear, so that renaming changes nothing. An edge from nowhere counts only if another starts at its target.
 * O(edges · sources).
 */
export function flowBag(edges: readonly FlowEdge[]): Bag {
  const linked = new Set<number>()
  for (const edge of edges) {
    if (edge.sources.length > 0) linked.add(edge.target)
    for (const source of edge.sources) linked.add(source)
  }
  const merged = mergeEdges(
    edges.filter((edge) => linked.has(edge.target)),
    (edge) => edge.target,
  )
  const numbers = new Map<number, number>()
  const numberOf = (name: number) => {
    const known = numbers.get(name) ?? numbers.size
    numbers.set(name, known)
    return known
  }
  return makeBag(
    Float64Array.from(merged, (edge) => {
      const sources = edge.sourceNames.map(numberOf)
      const head = numberOf(edge.name) * 2 + (edge.relation === 'comesFrom' ? 0 : 1)
      return joinHashes(sources.reduce(mixHash, mixHash(1, head)), sources.reduce(mixHash, mixHash(2, ~head)))
    }),
  )
}
