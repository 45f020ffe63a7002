import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeBleuMedoid } from '../../src/consensus/code-bleu-medoid.ts'

const candidate = (text: string, errorCount = 0) => ({ text, errorCount })
/** Texts of one letter each agree by how near the letters are. */
const nearness = (texts: readonly string[]) => (a: number, b: number) =>
  1 - Math.abs((texts[a]?.charCodeAt(0) ?? 0) - (texts[b]?.charCodeAt(0) ?? 0)) / 26

describe('the medoid', () => {
  test('is the candidate nearest to all others', () => {
    const texts = ['a', 'm', 'z']
    expect(
      codeBleuMedoid(
        texts.map((text) => candidate(text)),
        nearness(texts),
      ),
    ).toEqual({
      winner: 1,
      means: [expect.closeTo(0.288, 3), expect.closeTo(0.519, 3), expect.closeTo(0.269, 3)],
      camps: [1, 1, 1],
    })
  })

  test('ties go to the one without errors, then the shorter, then the first', () => {
    const winner = (...candidates: ReturnType<typeof candidate>[]) => codeBleuMedoid(candidates, () => 0.5).winner
    expect(winner(candidate('aa', 2), candidate('bbb'))).toBe(1)
    expect(winner(candidate('aaa'), candidate('bb'))).toBe(1)
    expect(winner(candidate('aa'), candidate('bb'))).toBe(0)
  })

  test('of none is null, of one is that one', () => {
    expect(codeBleuMedoid([], () => 0)).toEqual({ winner: null, means: [], camps: [] })
    expect(codeBleuMedoid([candidate('x')], () => 0)).toEqual({ winner: 0, means: [1], camps: [1] })
  })

  test('two camps are told apart where the means are alike', () => {
    const texts = ['a', 'b', 'y', 'z']
    expect(
      codeBleuMedoid(
        texts.map((text) => candidate(text)),
        nearness(texts),
      ).camps,
    ).toEqual([2, 2])
  })

  test('equal texts are compared once and weigh by their number', () => {
    const asked: string[] = []
    const result = codeBleuMedoid(
      ['a', 'b', 'a'].map((text) => candidate(text)),
      (a, b) => {
        asked.push(`${a},${b}`)
        return 0.4
      },
    )
    expect({ asked, ...result }).toEqual({ asked: ['0,1', '0,1'], winner: 0, means: [0.7, 0.4, 0.7], camps: [2, 1] })
  })

  test('duplicates of the winner never unseat it, and the order of candidates does not matter', () => {
    const letters = fc.uniqueArray(
      fc.integer({ min: 97, max: 122 }).map((code) => String.fromCharCode(code)),
      { minLength: 2, maxLength: 8 },
    )
    fc.assert(
      fc.property(letters, fc.integer({ min: 1, max: 4 }), (texts, copies) => {
        const of = (list: readonly string[]) =>
          codeBleuMedoid(
            list.map((text) => candidate(text)),
            nearness(list),
          )
        const { winner, means } = of(texts)
        const best = texts[winner ?? -1] ?? ''
        const more = [...texts, ...Array.from({ length: copies }, () => best)]
        expect(more[of(more).winner ?? -1]).toBe(best)
        const reversed = of([...texts].reverse()).means
        for (const [i, mean] of means.entries()) expect(reversed[texts.length - 1 - i]).toBeCloseTo(mean, 12)
      }),
    )
  })
})
