import { childByField, childrenOf, isLeaf, nodeCount, type SyntaxTree, textOf, typeOf } from '../domain/syntax-tree.ts'
import { FlowState, type Sources, uniteSources } from './code-bleu-flow-state.ts'
import type { FlowKind, FlowTable } from './code-bleu-flow-table.ts'
import { isCommentType } from './syntax-features.ts'

/** A value reaches leaf `target`: a use of a name (`comesFrom`), or a name that is given it (`computedFrom`). */
export interface FlowEdge {
  /** Number of the leaf in source order. */
  readonly target: number
  readonly name: string
  readonly relation: 'comesFrom' | 'computedFrom'
  readonly sourceNames: readonly string[]
  readonly sources: Sources
}

/** Steps after which a walk gives up; a step is a node visited or a source written down. */
export const FLOW_STEP_BUDGET = 200_000

/** Nodes that count as one leaf whatever they hold. */
const STRING_LEAVES = new Set(['character_literal', 'string', 'string_literal'])

/**
 * Returns the data-flow edges of a program in the order of their targets (arXiv 2009.10297 §3.3), or null if the walk
 * would take more than `budget` steps. Nodes marked in `skip`, and comments, are not there.
 *
 * Invariants: 1. the walk keeps its own stack, so depth is bounded by memory alone; 2. a loop's body is walked twice,
 * as a value may come round, but a loop met again in the same state has the same edges and is not walked at all:
 * without that, time doubles with each level of nesting; 3. steps, not clocks, bound the work, so that every machine
 * gives up on the same programs.
 */
export function flowEdges(tree: SyntaxTree, skip: Uint8Array, table: FlowTable, budget = FLOW_STEP_BUDGET): FlowEdge[] | null {
  const walk = new FlowWalk(tree, skip, table, budget)
  return walk.run() ? walk.edges.sort((a, b) => a.target - b.target) : null
}

type Work = number | (() => void)

class FlowWalk {
  readonly edges: FlowEdge[] = []
  readonly #tree: SyntaxTree
  readonly #skip: Uint8Array
  readonly #table: FlowTable
  readonly #kinds: readonly (FlowKind | undefined)[]
  readonly #isString: readonly boolean[]
  readonly #isComment: readonly boolean[]
  readonly #leafNumber: Int32Array
  readonly #state = new FlowState()
  readonly #seen = new Map<string, { edges: FlowEdge[]; changes: Map<string, Sources | undefined> }>()
  readonly #work: Work[] = []
  #steps: number

  constructor(tree: SyntaxTree, skip: Uint8Array, table: FlowTable, budget: number) {
    this.#tree = tree
    this.#skip = skip
    this.#table = table
    this.#steps = budget
    this.#kinds = tree.types.map((type) => (Object.hasOwn(table.kinds, type) ? table.kinds[type] : undefined))
    this.#isString = tree.types.map((type) => STRING_LEAVES.has(type))
    this.#isComment = tree.types.map(isCommentType)
    this.#leafNumber = this.#numberLeaves()
  }

  /** Walks the whole tree; false if the budget did not suffice. */
  run(): boolean {
    this.#work.push(0)
    for (let next = this.#work.pop(); next !== undefined; next = this.#work.pop()) {
      if (typeof next === 'number') this.#visit(next)
      else next()
      if (this.#steps < 0) return false
    }
    return true
  }

  /** Puts `work` next, the first of it first. */
  #then(...work: Work[]): void {
    for (let i = work.length - 1; i >= 0; i--) this.#work.push(work[i] ?? 0)
  }

  #visit(node: number): void {
    this.#steps--
    if (this.#skip[node]) return
    const kind = this.#kinds[this.#tree.type[node] ?? 0]
    if (this.#leafNumber[node] !== -1) this.#use(node)
    else if (kind === undefined) this.#visitChildren(node)
    else if (kind === 'increment') this.#increment(node)
    else if (kind === 'branch') this.#branch(node)
    else {
      const [left, right] = this.#sides(node, kind)
      if (kind === 'assign' || kind === 'comprehension') this.#assign(left, right)
      else if (kind === 'declare') this.#declare(node, left, right)
      else this.#loop(node, kind, left, right)
    }
  }

  #visitChildren(node: number): void {
    const children = this.#children(node)
    // The `for` of a comprehension stands behind what it feeds.
    const first = children.filter((child) => this.#kinds[this.#tree.type[child] ?? 0] === 'comprehension')
    if (first.length === 0) {
      for (let i = children.length - 1; i >= 0; i--) this.#work.push(children[i] ?? 0)
    } else this.#then(...first, ...children.filter((child) => !first.includes(child)))
  }

  #use(node: number): void {
    const text = textOf(this.#tree, node)
    if (text === typeOf(this.#tree, node)) return
    const target = this.#leafNumber[node] ?? 0
    const sources = this.#state.get(text)
    if (!sources && typeOf(this.#tree, node) === 'identifier') this.#state.set(text, [target])
    this.#emit({ target, name: text, relation: 'comesFrom', sourceNames: sources ? [text] : [], sources: sources ?? [] })
  }

  #emit(edge: FlowEdge): void {
    this.#steps -= 1 + edge.sources.length
    this.edges.push(edge)
  }

  /** The nodes that get and give a value, paired off where the table says so. */
  #sides(node: number, kind: FlowKind): [left: number[], right: number[]] {
    const child = (name: string) => childByField(this.#tree, node, name)
    if (kind === 'declare') return [present(child('name')), present(child('value'))]
    if (kind === 'comprehension') return [present(child('left')), this.#children(node).slice(-1)]
    const left = child('left') >= 0 ? child('left') : child('name')
    const right = child('right') >= 0 ? child('right') : child('value')
    if (this.#table.pairing === 'product' || left < 0 || right < 0) return [present(left), present(right)]
    const lefts = this.#items(left)
    const rights = this.#items(right)
    return lefts.length === rights.length && lefts.length > 0 ? [lefts, rights] : [[left], [right]]
  }

  #items(node: number): number[] {
    if (this.#leafNumber[node] !== -1 && isLeaf(this.#tree, node)) return []
    return childrenOf(this.#tree, node).filter((child) => typeOf(this.#tree, child) !== ',')
  }

  #assign(left: readonly number[], right: readonly number[]): void {
    if (right.length === 0) return
    this.#then(...right, () => this.#give(left, right, 'computedFrom'))
  }

  #give(left: readonly number[], right: readonly number[], relation: FlowEdge['relation']): void {
    for (const [i, to] of left.entries()) {
      const given = this.#variables(right[i] ?? -1)
      for (const node of this.#variables(to)) this.#giveOne(node, given, relation)
    }
  }

  #giveOne(node: number, given: readonly number[], relation: FlowEdge['relation']): void {
    const name = textOf(this.#tree, node)
    const target = this.#leafNumber[node] ?? 0
    const names = given.map((from) => textOf(this.#tree, from))
    const sources = given.map((from) => this.#leafNumber[from] ?? 0)
    this.#state.set(name, [target])
    if (this.#table.pairing === 'zip' && relation === 'computedFrom') {
      this.#emit({ target, name, relation, sourceNames: names, sources })
      return
    }
    for (const [i, source] of sources.entries()) {
      if (this.#steps < 0) return
      this.#emit({ target, name, relation, sourceNames: [names[i] ?? ''], sources: [source] })
    }
  }

  #declare(node: number, names: readonly number[], values: readonly number[]): void {
    if (values.length > 0) {
      this.#then(...values, () => this.#give(names, values, 'comesFrom'))
      return
    }
    for (const leaf of this.#variables(names[0] ?? node)) {
      const target = this.#leafNumber[leaf] ?? 0
      const name = textOf(this.#tree, leaf)
      this.#emit({ target, name, relation: 'comesFrom', sourceNames: [], sources: [] })
      this.#state.set(name, [target])
    }
  }

  #increment(node: number): void {
    const all = this.#variables(node)
    for (const leaf of all) this.#giveOne(leaf, all, 'computedFrom')
  }

  #branch(node: number): void {
    const entry = this.#state.mark()
    const ends: Map<string, Sources | undefined>[] = []
    let main = new Map<string, Sources | undefined>()
    let hasElse = false
    let inRest = false
    const work: Work[] = []
    for (const child of this.#children(node)) {
      const type = typeOf(this.#tree, child)
      if (type.includes('else')) hasElse = true
      if (!this.#table.elseParts.has(type) && !inRest) {
        work.push(child)
        continue
      }
      inRest = this.#table.elseIsRest
      work.push(
        () => {
          main = this.#leave(entry)
        },
        child,
        () => {
          ends.push(this.#leave(entry))
          this.#enter(main)
        },
      )
    }
    this.#then(...work, () => {
      ends.push(this.#leave(entry))
      if (this.#table.entryJoins || !hasElse) ends.push(new Map())
      this.#unite(ends)
    })
  }

  /** Returns what has changed since `mark`, and takes it back. */
  #leave(mark: number): Map<string, Sources | undefined> {
    const changes = this.#state.changes(mark)
    this.#state.rollback(mark)
    this.#steps -= changes.size
    return changes
  }

  #enter(changes: ReadonlyMap<string, Sources | undefined>): void {
    this.#steps -= changes.size
    for (const [name, sources] of changes) this.#state.set(name, sources)
  }

  /** Sets each name that any way changed to the union of where it may come from. */
  #unite(ends: readonly ReadonlyMap<string, Sources | undefined>[]): void {
    const names = new Set(ends.flatMap((end) => [...end.keys()]))
    this.#steps -= names.size * ends.length
    if (this.#steps < 0) return
    for (const name of names) {
      const before = this.#state.get(name)
      const lists = ends.map((end) => (end.has(name) ? end.get(name) : before)).filter((list) => list !== undefined)
      this.#state.set(name, uniteSources(lists))
    }
  }

  #loop(node: number, kind: FlowKind, left: readonly number[], right: readonly number[]): void {
    const key = `${node}:${this.#state.fingerprint()}`
    const seen = this.#seen.get(key)
    if (seen) {
      for (const edge of seen.edges) this.#emit(edge)
      this.#enter(seen.changes)
      return
    }
    const firstEdge = this.edges.length
    const entry = this.#state.mark()
    this.#then(...this.#passes(node, kind, left, right), () => {
      const edges = mergeEdges(this.edges.slice(firstEdge), (edge) => `${edge.target}:${edge.relation}`)
      this.edges.length = firstEdge
      for (const edge of edges) this.edges.push(edge)
      const changes = this.#state.changes(entry)
      this.#steps -= changes.size
      this.#seen.set(key, { edges, changes })
    })
  }

  #passes(node: number, kind: FlowKind, left: readonly number[], right: readonly number[]): Work[] {
    const children = this.#children(node)
    if (kind === 'while') return [...children, ...children]
    if (kind === 'each') {
      const body = childByField(this.#tree, node, 'body')
      const pass: Work[] = [...right, () => this.#give(left, right, 'computedFrom'), ...present(body)]
      return [...pass, ...pass]
    }
    const start = children.findIndex((child) => this.#table.secondPassAfter.has(typeOf(this.#tree, child)))
    if (start < 0) return children
    const update = this.#table.updatesBetween ? childByField(this.#tree, children[start] ?? node, 'update') : -1
    return [...children, ...present(update), ...children.slice(start + 1)]
  }

  #children(node: number): number[] {
    return childrenOf(this.#tree, node).filter((child) => !this.#skip[child] && !this.#isComment[this.#tree.type[child] ?? 0])
  }

  /** The leaves below `node` that are no token of the grammar. */
  #variables(node: number): number[] {
    const found: number[] = []
    if (node < 0) return found
    const end = this.#tree.next[node] ?? node + 1
    this.#steps -= end - node
    for (let i = node; i < end; i++) {
      if (this.#leafNumber[i] !== -1 && textOf(this.#tree, i) !== typeOf(this.#tree, i)) found.push(i)
    }
    return found
  }

  #numberLeaves(): Int32Array {
    const numbers = new Int32Array(nodeCount(this.#tree)).fill(-1)
    let count = 0
    for (let i = 0; i < numbers.length; ) {
      const type = this.#tree.type[i] ?? 0
      const isOne = this.#isString[type] || isLeaf(this.#tree, i)
      if (isOne && !this.#isComment[type] && !this.#skip[i]) numbers[i] = count++
      i = isOne ? (this.#tree.next[i] ?? i + 1) : i + 1
    }
    return numbers
  }
}

function present(node: number): number[] {
  return node < 0 ? [] : [node]
}

/** Returns one edge for each `key`, at the place of its first, with the sources of all and the relation of the last. O(sources). */
export function mergeEdges<K>(edges: readonly FlowEdge[], key: (edge: FlowEdge) => K): FlowEdge[] {
  const groups = new Map<K, FlowEdge[]>()
  for (const edge of edges) {
    const group = groups.get(key(edge))
    if (group) group.push(edge)
    else groups.set(key(edge), [edge])
  }
  return [...groups.values()].map(mergeGroup)
}

function mergeGroup(group: readonly FlowEdge[]): FlowEdge {
  const last = group[group.length - 1]
  if (!last) throw new RangeError('a group of edges is never empty')
  // A lone edge keeps a name it holds twice, as the published scorer does: only merging drops repetitions.
  if (group.length === 1) return last
  const sourceNames = [...new Set(group.flatMap((edge) => edge.sourceNames))]
  return { ...last, sourceNames, sources: uniteSources(group.map((edge) => edge.sources)) }
}
