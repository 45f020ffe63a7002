import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { similarityMatrix, subtreeFeatures, tokenSimilarityMatrix } from '../../src/consensus/subtree-similarity.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'

const parser = createTreeSitterParser()

async function features(language: string, text: string) {
  const tree = await parser.parse(language, text)
  if (!tree) throw new Error(`no grammar of ${language}`)
  return subtreeFeatures(tree)
}

async function similarity(language: string, a: string, b: string): Promise<number | undefined> {
  return similarityMatrix([await features(language, a), await features(language, b)])[0]?.[1]
}

describe('subtree features', () => {
  test('docstrings, comments, annotations, quotes, parentheses and local names make no difference in Python', async () => {
    const plain = "def f(a, b='x'):\n    s = a + 1\n    for k in range(3):\n        s += k\n    return s\n"
    const dressed =
      'def f(n: int, label: str = "x") -> int:\n    """Sums."""\n    # start\n    total: int = (n + 1)\n' +
      '    for i in range(3):\n        total += i\n    return total\n'
    expect(await similarity('python', plain, dressed.replace('total: int', 'total'))).toBe(1)
    expect(await features('python', dressed)).toEqual(await features('python', dressed.replace(': int =', ' =')))
  })

  test.each([
    ['python', 'def f(a):\n    return [a[i] for i in g(a)]\n', 'def f(x):\n    return [x[k] for k in g(x)]\n'],
    [
      'javascript',
      'function f(a, { b }) { const c = a.b + b; return c }',
      'function f(x, { y }) { const z = x.b + y; return z }',
    ],
    ['typescript', 'function f(a: number): number { let b = a; return b }', 'function f(x: number) { let y = x; return y }'],
    ['go', 'package m\nfunc F(a int) int { b := a + 1; return b }', 'package m\nfunc F(x int) int { y := x + 1; return y }'],
    ['java', 'class A { int f(int a) { int b = a; return b; } }', 'class A { int f(int x) { int y = x; return y; } }'],
    ['cpp', 'int f(int a) { int b = a * 2; return b; }', 'int f(int x) { int y = x * 2; return y; }'],
    ['c_sharp', 'class A { int F(int a) { int b = a; return b; } }', 'class A { int F(int x) { int y = x; return y; } }'],
    ['rust', 'fn f(a: i32) -> i32 { let b = a; b }', 'fn f(x: i32) -> i32 { let y = x; y }'],
    ['ruby', 'def f(a)\n  b = a\n  b\nend', 'def f(x)\n  y = x\n  y\nend'],
  ])('renaming the locals of a function in %s makes no difference', async (language, a, b) => {
    expect(await similarity(language, a, b)).toBe(1)
  })

  test.each([
    ['an operator', 'def f(a, b):\n    return a + b\n', 'def f(a, b):\n    return a * b\n'],
    ['a literal', 'def f(a):\n    return a + 1\n', 'def f(a):\n    return a + 2\n'],
    ['a called function', 'def f(a):\n    return min(a)\n', 'def f(a):\n    return max(a)\n'],
    ['a member', 'def f(a):\n    return a.x\n', 'def f(a):\n    return a.y\n'],
    ['a keyword argument', 'def f(a):\n    return g(a=a)\n', 'def f(a):\n    return g(b=a)\n'],
    ['a string that is a value', 'def f(a):\n    return "x"\n', 'def f(a):\n    return "y"\n'],
    ['the order of statements', 'def f(a):\n    g()\n    h()\n', 'def f(a):\n    h()\n    g()\n'],
  ])('%s makes a difference', async (_, a, b) => {
    expect(await similarity('python', a, b)).toBeLessThan(1)
  })

  test('the same program has the same hashes in every process', async () => {
    expect([...(await features('python', 'f(1)')).keys()].sort((x, y) => x - y)).toEqual([
      981158176044848, 2701668592495558, 3060711369251668, 5312198907172315, 6064404798245478, 7054749273363420,
    ])
  })

  test('nesting of any depth is walked without recursion', async () => {
    const deep = `x = ${'-'.repeat(20_000)}1\n`
    expect((await features('python', deep)).size).toBeGreaterThan(20_000)
  })
})

const bag = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 1, max: 5 }))
  .map((d) => new Map(Object.entries(d)))

describe('similarity matrices', () => {
  test('a matrix is symmetric, 1 on the diagonal, in [0, 1], and follows a permutation of its input', () => {
    fc.assert(
      fc.property(fc.array(bag, { maxLength: 6 }), fc.infiniteStream(fc.nat()), (bags, noise) => {
        const s = similarityMatrix(bags)
        const order = [...bags.keys()].map((i) => [noise.next().value, i] as const).sort((x, y) => x[0] - y[0] || x[1] - y[1])
        const permuted = similarityMatrix(order.map(([, i]) => bags[i] ?? new Map()))
        for (const [i, row] of s.entries()) {
          for (const [j, value] of row.entries()) {
            expect(value).toBe(s[j]?.[i])
            expect(value).toBe(Number(value.toFixed(6)))
            expect(value >= 0 && value <= 1).toBe(true)
            if (i === j) expect(value).toBe(1)
          }
        }
        expect(permuted).toEqual(order.map(([, i]) => order.map(([, j]) => s[i]?.[j])))
      }),
    )
  })

  test('Jaccard counts how often, not only whether', () => {
    const s = similarityMatrix([
      new Map([['a', 2]]),
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
      new Map(),
    ])
    expect(s).toEqual([
      [1, 0.333333, 0],
      [0.333333, 1, 0],
      [0, 0, 1],
    ])
  })

  test('two empty programs are equal', () => {
    expect(similarityMatrix([new Map(), new Map()])).toEqual([
      [1, 1],
      [1, 1],
    ])
  })

  test('a text without grammar is compared by its token 1-, 2- and 3-grams', () => {
    // 'a b c' has a, b, c, ab, bc, abc; 'a b d' shares a, b, ab of 9 in all.
    expect(tokenSimilarityMatrix(['a b c', 'a b d'])[0]?.[1]).toBe(0.333333)
    expect(tokenSimilarityMatrix(['SELECT  a', 'SELECT\na'])[0]?.[1]).toBe(1)
  })
})
