import { childByField, childrenOf, type SyntaxTree, typeOf } from '../domain/syntax-tree.ts'
import { type FlowLeaves, flowLeaves } from './code-bleu-flow-leaves.ts'
import { type Changes, FlowState, type Sources, uniteAll } from './code-bleu-flow-state.ts'
import type { FlowKind, FlowTable } from './code-bleu-flow-table.ts'
import { hashTexts } from './stable-hash.ts'

/** A value reaches leaf `target`: a use of a name (`comesFrom`), or a name that is given it (`computedFrom`). */
export interface FlowEdge {
  /** Number of the leaf in source order. */
  readonly target: number
  /** Names are numbers, one for each text of a leaf. */
  readonly name: number
  readonly relation: 'comesFrom' | 'computedFrom'
  readonly sourceNames: readonly number[]
  /** Ascending numbers of leaves. */
  readonly sources: Sources
}

/** Steps after which a walk gives up; a step is a node visited or a source written down. */
const FLOW_STEP_BUDGET = 200_000

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
  readonly #table: FlowTable
  readonly #kinds: readonly (FlowKind | undefined)[]
  readonly #hasComprehension: boolean
  readonly #leaves: FlowLeaves
  readonly #state: FlowState
  readonly #seen = new Map<string, { edges: FlowEdge[]; changes: Changes }>()
  readonly #work: Work[] = []
  #steps: number

  constructor(tree: SyntaxTree, skip: Uint8Array, table: FlowTable, budget: number) {
    this.#tree = tree
    this.#table = table
    this.#steps = budget
    this.#kinds = tree.types.map((type) => (Object.hasOwn(table.kinds, type) ? table.kinds[type] : undefined))
    this.#hasComprehension = this.#kinds.includes('comprehension')
    this.#leaves = flowLeaves(tree, skip)
    this.#state = new FlowState(hashTexts(this.#leaves.names))
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
  #then(work: readonly Work[]): void {
    for (let i = work.length - 1; i >= 0; i--) this.#work.push(work[i] ?? 0)
  }

  #visit(node: number): void {
    this.#steps--
    const kind = this.#kinds[this.#tree.type[node] ?? 0]
    if (this.#isLeaf(node)) this.#use(node)
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
    const bottom = this.#work.length
    const end = this.#tree.next[node] ?? 0
    // The `for` of a comprehension stands behind what it feeds, and is walked before it.
    for (const wantsFirst of this.#hasComprehension ? [true, false] : [false]) {
      for (let child = node + 1; child < end; child = this.#tree.next[child] ?? end) {
        if (this.#leaves.hidden[child]) continue
        const isFirst = this.#hasComprehension && this.#kinds[this.#tree.type[child] ?? 0] === 'comprehension'
        if (isFirst === wantsFirst) this.#work.push(child)
      }
    }
    for (let low = bottom, high = this.#work.length - 1; low < high; low++, high--) {
      const kept = this.#work[low] ?? 0
      this.#work[low] = this.#work[high] ?? 0
      this.#work[high] = kept
    }
  }

  #isLeaf(node: number): boolean {
    return this.#leaves.number[node] !== -1
  }

  #use(node: number): void {
    const name = this.#leaves.name[node] ?? -1
    if (name < 0) return
    const target = this.#leaves.number[node] ?? 0
    const sources = this.#state.get(name)
    if (!sources && typeOf(this.#tree, node) === 'identifier') this.#state.set(name, [target])
    this.#emit({ target, name, relation: 'comesFrom', sourceNames: sources ? [name] : NOWHERE, sources: sources ?? NOWHERE })
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
    return childrenOf(this.#tree, node).filter((child) => typeOf(this.#tree, child) !== ',')
  }

  #assign(left: readonly number[], right: readonly number[]): void {
    if (right.length === 0) return
    this.#then([...right, () => this.#give(left, right, 'computedFrom')])
  }

  #give(left: readonly number[], right: readonly number[], relation: FlowEdge['relation']): void {
    for (const [i, to] of left.entries()) {
      const given = this.#variables(right[i] ?? -1)
      for (const node of this.#variables(to)) this.#giveOne(node, given, relation)
    }
  }

  #giveOne(node: number, given: readonly number[], relation: FlowEdge['relation']): void {
    const name = this.#leaves.name[node] ?? 0
    const target = this.#leaves.number[node] ?? 0
    const sourceNames = given.map((from) => this.#leaves.name[from] ?? 0)
    const sources = given.map((from) => this.#leaves.number[from] ?? 0)
    this.#state.set(name, [target])
    if (this.#table.pairing === 'zip' && relation === 'computedFrom') {
      this.#emit({ target, name, relation, sourceNames, sources })
      return
    }
    for (const [i, source] of sources.entries()) {
      if (this.#steps < 0) return
      this.#emit({ target, name, relation, sourceNames: [sourceNames[i] ?? 0], sources: [source] })
    }
  }

  #declare(node: number, names: readonly number[], values: readonly number[]): void {
    if (values.length > 0) {
      this.#then([...values, () => this.#give(names, values, 'comesFrom')])
      return
    }
    for (const leaf of this.#variables(names[0] ?? node)) {
      const target = this.#leaves.number[leaf] ?? 0
      const name = this.#leaves.name[leaf] ?? 0
      this.#emit({ target, name, relation: 'comesFrom', sourceNames: NOWHERE, sources: NOWHERE })
      this.#state.set(name, [target])
    }
  }

  #increment(node: number): void {
    const all = this.#variables(node)
    for (const leaf of all) this.#giveOne(leaf, all, 'computedFrom')
  }

  #branch(node: number): void {
    const entry = this.#state.mark()
    const ends: Changes[] = []
    let main: Changes = new Map()
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
    work.push(() => {
      ends.push(this.#leave(entry))
      if (this.#table.entryJoins || !hasElse) ends.push(new Map())
      this.#unite(ends)
    })
    this.#then(work)
  }

  /** Returns what has changed since `mark`, and takes it back. */
  #leave(mark: number): Changes {
    const changes = this.#state.changes(mark)
    this.#state.rollback(mark)
    return this.#paid(changes)
  }

  #enter(changes: Changes): void {
    for (const [name, sources] of this.#paid(changes)) this.#state.set(name, sources)
  }

  /** Setting a name reads all its sources, and a union of branches can make them many. */
  #paid(changes: Changes): Changes {
    for (const sources of changes.values()) this.#steps -= 1 + (sources?.length ?? 0)
    return changes
  }

  /** Sets each name that any way changed to the union of where it may come from. */
  #unite(ends: readonly Changes[]): void {
    const names = new Set(ends.flatMap((end) => [...end.keys()]))
    for (const name of names) {
      const before = this.#state.get(name)
      const lists = ends.map((end) => (end.has(name) ? end.get(name) : before) ?? NOWHERE)
      for (const list of lists) this.#steps -= 1 + list.length
      if (this.#steps < 0) return
      this.#state.set(name, uniteAll(lists))
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
    const finish = () => {
      const edges = mergeEdges(this.edges.splice(firstEdge), (edge) => edge.target * 2 + Number(edge.relation === 'comesFrom'))
      for (const edge of edges) this.edges.push(edge)
      const changes = this.#state.changes(entry)
      this.#seen.set(key, { edges, changes: this.#paid(changes) })
    }
    this.#then([...this.#passes(node, kind, left, right), finish])
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

  /** The children that are walked; of tokens that is a word that may decide a branch. */
  #children(node: number): number[] {
    const children: number[] = []
    const end = this.#tree.next[node] ?? 0
    for (let child = node + 1; child < end; child = this.#tree.next[child] ?? end) {
      if (!this.#leaves.hidden[child]) children.push(child)
    }
    return children
  }

  /** The leaves below `node` that are no token of the grammar. */
  #variables(node: number): number[] {
    const found: number[] = []
    if (node < 0) return found
    const end = this.#tree.next[node] ?? node + 1
    this.#steps -= end - node
    for (let i = node; i < end; i++) if ((this.#leaves.name[i] ?? -1) >= 0) found.push(i)
    return found
  }
}

const NOWHERE: readonly number[] = []

function present(node: number): number[] {
  return node < 0 ? [] : [node]
}

/** Returns one edge for each `key`, at the place of its first, with the sources of all and the relation of the last. O(sources). */
export function mergeEdges(edges: readonly FlowEdge[], key: (edge: FlowEdge) => number): FlowEdge[] {
  const groups = new Map<number, FlowEdge[]>()
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
  const sourceNames = new Set<number>()
  for (const edge of group) for (const name of edge.sourceNames) sourceNames.add(name)
  return { ...last, sourceNames: [...sourceNames], sources: uniteAll(group.map((edge) => edge.sources)) }
}
