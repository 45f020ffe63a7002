import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from '../../src/consensus/decide.ts'
import { explainDecision } from '../../src/consensus/explain-decision.ts'
import { randomPools } from './decide-pools.ts'
import { checkWhy } from './read-why.ts'

test('every sentence of why the winner won agrees with the numbers of the decision', () => {
  fc.assert(
    fc.property(randomPools, ({ input }) => {
      const decision = decide(input)
      checkWhy(decision, explainDecision(decision))
    }),
    { numRuns: 300 },
  )
})

test('whoever is said to disagree gives another result for a compared call, and whoever could not be used is not the winner of a run', () => {
  fc.assert(
    fc.property(randomPools, ({ input }) => {
      const decision = decide(input)
      const { evidence, winner } = decision
      const answer = (id: string | null, probe: (typeof evidence.probes)[number]): number | null =>
        probe.answers[evidence.candidates.indexOf(id ?? '')] ?? null
      for (const { candidate, call } of decision.dissent) {
        expect(call).not.toBeNull()
        expect(evidence.probes.some((probe) => probe.isCompared && answer(candidate, probe) !== answer(winner, probe))).toBe(true)
      }
      for (const { isLive, problem } of decision.ranking) expect(isLive && problem !== null).toBe(false)
    }),
    { numRuns: 150 },
  )
})

test('one of a thing is called one in every sentence', () => {
  fc.assert(
    fc.property(randomPools, ({ input }) => {
      const lines = explainDecision(decide(input)).join('\n')
      expect(lines).not.toMatch(/\b1 (?:tests|examples|assertions|answers|known answers|inputs|compared inputs)\b|\ball 1\b/)
      expect(lines).not.toMatch(/undefined|NaN|\bnull\b/)
    }),
    { numRuns: 300 },
  )
})
