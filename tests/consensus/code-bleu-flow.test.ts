import { describe, expect, test } from 'vitest'
import { flowEdges } from '../../src/consensus/code-bleu-flow.ts'
import { flowBag } from '../../src/consensus/code-bleu-flow-bag.ts'
import { flowLeaves } from '../../src/consensus/code-bleu-flow-leaves.ts'
import { FlowState, uniteAll } from '../../src/consensus/code-bleu-flow-state.ts'
import { CONSENSUS_FLOW, type FlowTable, REFERENCE_FLOW } from '../../src/consensus/code-bleu-flow-table.ts'
import { hashTexts } from '../../src/consensus/stable-hash.ts'
import { NODE, type SyntaxTree } from '../../src/domain/syntax-tree.ts'
import { parsed } from './code-bleu-texts.ts'

/** Every edge as `target@leaf <relation sources`, for a tree of `language`. */
async function edges(
  language: string,
  text: string,
  tables: Readonly<Record<string, FlowTable>> = REFERENCE_FLOW,
  budget?: number,
) {
  const tree = await parsed(language, text)
  const skip = new Uint8Array(tree.type.length)
  const table = tables[language]
  if (!table) throw new Error(`no table of ${language}`)
  const { names } = flowLeaves(tree, skip)
  const found = flowEdges(tree, skip, table, budget)
  return (
    found?.map(
      ({ target, name, relation, sources }) =>
        `${names[name]}@${target}${relation === 'comesFrom' ? '<' : '='}${sources.join(',')}`,
    ) ?? null
  )
}

describe('values flow', () => {
  test('from an assignment to each use', async () => {
    // a@0 = 1@2, b@3 = a@5
    expect(await edges('python', 'a = 1\nb = a\n')).toEqual(['a@0=2', '1@2<', 'b@3=5', 'a@5<0'])
  })

  test('side by side in a tuple assignment', async () => {
    expect(await edges('python', 'a, b = x, y\n')).toEqual(['a@0=4', 'b@2=6', 'x@4<', 'y@6<'])
  })

  test('from either branch to what follows', async () => {
    const both = await edges('python', 'if c:\n    a = 1\nelse:\n    a = 2\nuse(a)\n')
    expect(both?.filter((edge) => edge.startsWith('a@'))).toEqual(['a@3=5', 'a@8=10', 'a@13<3,8'])
    const one = await edges('python', 'a = 0\nif c:\n    a = 1\nuse(a)\n')
    expect(one?.filter((edge) => edge.startsWith('a@'))).toEqual(['a@0=2', 'a@6=8', 'a@11<0,6'])
  })

  test('round a loop', async () => {
    const found = await edges('python', 'while c:\n    b = a\n    a = b\n')
    expect(found?.filter((edge) => edge.startsWith('a@5'))).toEqual(['a@5<6'])
  })

  test('into a comprehension from its `for`, which stands behind', async () => {
    expect(await edges('python', 'y = [x for x in z]\n')).toEqual(['y@0=3,5,7', 'x@3<5', 'x@5=7', 'z@7<'])
  })

  test.each([
    ['java', 'class A { int f(int a) { int b = a; b += a; return b; } }', 'b@15=17'],
    ['go', 'package m\nfunc f(a int) int {\n\tvar b = a\n\tb = a\n\treturn b\n}\n', 'b@14=16'],
    ['javascript', 'const b = a; b += a', 'b@5=7'],
    ['typescript', 'const b: number = a; b += a', 'b@7=9'],
  ])('in %s', async (language, text, edge) => {
    expect(await edges(language, text)).toContain(edge)
  })

  test('through plain assignment in JavaScript and := in Go for consensus, as published not at all', async () => {
    for (const [language, text] of [
      ['javascript', 'x = y'],
      ['go', 'package m\nfunc f() {\n\tx := y\n}\n'],
    ] as const) {
      const isAssigned = (found: string[] | null) => found?.some((edge) => /^x@\d+=/.test(edge))
      expect([isAssigned(await edges(language, text)), isAssigned(await edges(language, text, CONSENSUS_FLOW))]).toEqual([
        false,
        true,
      ])
    }
  })
})

describe('bounds', () => {
  const nested = (depth: number) =>
    `${Array.from({ length: depth }, (_, i) => `${'    '.repeat(i)}for v${i} in w${i}:\n`).join('')}${'    '.repeat(depth)}t = v0 + t\n`

  test('loops in loops do not double the work with each level', async () => {
    expect(await edges('python', nested(14), REFERENCE_FLOW, 20_000)).not.toBeNull()
    expect(await edges('python', nested(28), REFERENCE_FLOW, 80_000)).not.toBeNull()
  })

  test('a loop met again in the same state has the same edges as one walked twice', async () => {
    expect(await edges('python', 'for a in b:\n    for c in d:\n        e = c + e\n')).toEqual([
      'a@1=3',
      'b@3<3',
      'c@6=8',
      'd@8<8',
      'e@10=12,14',
      'c@12<6',
      'e@14<10',
    ])
  })

  test('a walk that takes more steps than it may is given up', async () => {
    expect(await edges('python', 'a = b\n'.repeat(50), REFERENCE_FLOW, 100)).toBeNull()
  })

  test('many branches that each change little cost what they change', async () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `n${i} = ${i}\n`).join('')
    const branches = Array.from({ length: 1_000 }, (_, i) => `if c:\n    n${i} = c\n`).join('')
    expect(await edges('python', names + branches)).not.toBeNull()
  })

  test('thousands of branches of one statement, or one after the other, cost what they hold', async () => {
    expect(await edges('python', `if a:\n    b = a\n${'elif a:\n    b = c\n'.repeat(5_000)}`)).not.toBeNull()
    expect(await edges('python', 'if a:\n    b = c\n'.repeat(3_000))).toBeNull()
  })

  test('one node with a hundred thousand children is walked', () => {
    const leaves = 130_000
    const index = Uint32Array.from({ length: leaves + 1 }, (_, i) => i)
    const tree: SyntaxTree = {
      language: 'python',
      text: 'x'.repeat(leaves),
      types: ['module', 'identifier'],
      fields: [''],
      type: Uint16Array.from(index, (i) => Math.min(i, 1)),
      field: new Uint16Array(leaves + 1),
      start: index.map((i) => Math.max(0, i - 1)),
      end: index.map((i) => (i === 0 ? leaves : i)),
      next: index.map((i) => (i === 0 ? leaves + 1 : i + 1)),
      flags: new Uint8Array(leaves + 1).fill(NODE.named),
      errorCount: 0,
      firstError: null,
      definitions: [],
    }
    const found = flowEdges(tree, new Uint8Array(leaves + 1), REFERENCE_FLOW['python'] as FlowTable, 1_000_000)
    expect(found).toHaveLength(leaves)
  })
})

test('renaming leaves the multiset of edges unchanged, another flow does not', async () => {
  const bag = async (text: string) => {
    const tree = await parsed('python', text)
    const found = flowEdges(tree, new Uint8Array(tree.type.length), CONSENSUS_FLOW['python'] as FlowTable)
    return flowBag(found ?? [])
  }
  expect(await bag('a = 1\nb = a\n')).toEqual(await bag('x = 1\ny = x\n'))
  expect(await bag('a = 1\nb = a\n')).not.toEqual(await bag('a = 1\nb = 1\n'))
})

describe('the state of a walk', () => {
  const state = () => new FlowState(hashTexts(['a', 'b']))

  test('goes back to what it was', () => {
    const one = state()
    one.set(0, [1])
    const [mark, before] = [one.mark(), one.fingerprint()]
    one.set(0, [2])
    one.set(1, [3])
    expect([...one.changes(mark)]).toEqual([
      [0, [2]],
      [1, [3]],
    ])
    one.rollback(mark)
    expect([one.get(0), one.get(1), one.fingerprint()]).toEqual([[1], undefined, before])
  })

  test('has one fingerprint, whatever way led to it', () => {
    const [one, two] = [state(), state()]
    one.set(0, [1])
    one.set(1, [2, 3])
    two.set(1, [9])
    two.set(1, [2, 3])
    two.set(0, [1])
    expect(one.fingerprint()).toBe(two.fingerprint())
    two.set(0, [2])
    expect(one.fingerprint()).not.toBe(two.fingerprint())
  })

  test('unites ascending sources', () => {
    expect([
      uniteAll([
        [1, 3, 5],
        [2, 3],
      ]),
      uniteAll([[], [4]]),
      uniteAll([[4]]),
      uniteAll([[9], [2, 9], [1]]),
    ]).toEqual([[1, 2, 3, 5], [4], [4], [1, 2, 9]])
  })
})
