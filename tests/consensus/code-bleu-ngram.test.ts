import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dice, gramBags, makeBag, overlap } from '../../src/consensus/code-bleu-bag.ts'
import { gramProfile, ngramSimilarity, type Token, treeTokens, wordOverlap } from '../../src/consensus/code-bleu-ngram.ts'
import { hashTexts } from '../../src/consensus/stable-hash.ts'
import { parsed } from './code-bleu-texts.ts'

const bag = (...keys: number[]) => makeBag(Float64Array.from(keys))
const tokens = (...texts: string[]): Token[] => texts.map((text) => ({ text, isKeyword: text === 'if' }))

describe('multisets', () => {
  test('what two share is counted as often as both have it', () => {
    expect(bag(3, 1, 3, 2)).toMatchObject({ keys: Float64Array.of(1, 2, 3), counts: Float64Array.of(1, 1, 2), total: 4 })
    expect([overlap(bag(1, 1, 2), bag(1, 3)), overlap(bag(), bag(1))]).toEqual([1, 0])
    expect([dice(bag(1, 1, 2), bag(1, 2, 2)), dice(bag(), bag())]).toEqual([4 / 6, null])
  })

  test('a run is known by its parts and their order', () => {
    const runs = (text: string) => gramBags(hashTexts(text.split('')), 3).map((one) => one.keys.length)
    expect(runs('abab')).toEqual([2, 2, 2])
    const [ab, ba] = [gramBags(hashTexts(['a', 'b']), 2)[1], gramBags(hashTexts(['b', 'a']), 2)[1]]
    expect(ab?.keys).not.toEqual(ba?.keys)
  })
})

describe('n-grams', () => {
  const word = fc.constantFrom('a', 'b', 'if', '+', '(', ')')

  test('cutting a text down, token by token, lowers its agreement with the whole each time', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 2, maxLength: 30 }), (words) => {
        const whole = gramProfile(tokens(...words))
        let [lastN, lastW, lastT] = [1 + 1e-12, 1 + 1e-12, 1]
        for (let length = words.length; length > 0; length--) {
          const part = gramProfile(tokens(...words.slice(0, length)))
          const shared = wordOverlap(whole, part)
          const ngram = ngramSimilarity(whole, part, shared.count) ?? 0
          const weighted = (2 * shared.weight) / (whole.weightTotal + part.weightTotal)
          const token = shared.distinct / whole.words.keys.length
          expect([ngram < lastN, weighted < lastW, token <= lastT]).toEqual([true, true, true])
          ;[lastN, lastW, lastT] = [ngram, weighted, token]
        }
      }),
    )
  })

  test('orders that neither text is long enough for do not count', () => {
    const [a, b] = [gramProfile(tokens('x')), gramProfile(tokens('x'))]
    expect(ngramSimilarity(a, b, wordOverlap(a, b).count)).toBe(1)
    const none = gramProfile([])
    expect(ngramSimilarity(none, none, 0)).toBeNull()
  })

  test('keywords weigh five times what other tokens weigh', () => {
    expect(gramProfile(tokens('if', 'x', 'x')).weightTotal).toBeCloseTo(1.4, 12)
    const [a, b] = [gramProfile(tokens('if', 'x')), gramProfile(tokens('if', 'y'))]
    expect(wordOverlap(a, b)).toEqual({ count: 1, weight: 1, distinct: 1 })
  })
})

describe('tokens of a tree', () => {
  test('are its leaves: a string is one, a keyword is marked, line ends are none', async () => {
    const tree = await parsed('python', 'if name:\n\n    say(f"hi {name}", \'x\')')
    expect(
      treeTokens(tree, new Uint8Array(tree.type.length), 100).map(({ text, isKeyword }) =>
        isKeyword ? text.toUpperCase() : text,
      ),
    ).toEqual(['IF', 'name', ':', 'say', '(', 'f"hi {name}"', ',', "'x'", ')'])
  })

  test('are at most as many as asked for', async () => {
    const tree = await parsed('go', 'package m\n\nvar a, b = 1, 2\n')
    expect(treeTokens(tree, new Uint8Array(tree.type.length), 3).map((token) => token.text)).toEqual(['package', 'm', 'var'])
  })
})
