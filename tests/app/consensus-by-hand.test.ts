import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderConsensus } from '../../src/app/render-consensus.ts'
import type { RunFacts } from '../../src/app/run-facts.ts'
import { createArtifactValidator } from '../../src/config/validate-artifact.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import { createContext } from '../../src/machines/run-context.ts'
import { type RandomPool, randomPools } from '../consensus/decide-pools.ts'
import { spec } from '../support/test-services.ts'
import {
  agreementByHand,
  type Consensus,
  confidenceByHand,
  modelCountsByHand,
  orderByHand,
  scoresByHand,
} from './decision-by-hand.ts'
import { judged } from './judge-pool.ts'

const validate = createArtifactValidator(join(import.meta.dirname, '../../schemas'))
/** The file as it would be written and read again. */
function written(pool: RandomPool): Consensus {
  const facts: RunFacts = {
    runId: 'run1',
    outcome: 'completed',
    stopReason: 'agreed',
    detail: '',
    digest: 'd',
    context: { ...createContext({ runId: 'run1', spec: spec() }, 'task'), judgement: judged(pool) },
    history: { records: [], events: [] } as unknown as RunFacts['history'],
    config: BUILT_IN_CONFIG,
    productVersion: '1',
    folder: 'artifacts/runs/run1',
    writtenMs: 0,
    hardware: null,
    engineVersion: null,
    likeness: null,
    backends: [],
  }
  return JSON.parse(JSON.stringify(renderConsensus(facts)))
}

test('order, scores and confidence of any decision follow from consensus.json alone, by the words of its formula', () => {
  const methods = new Set<string>()
  fc.assert(
    fc.property(randomPools, (pool) => {
      const consensus = written(pool)
      validate('consensus', consensus)
      const { decision } = consensus
      methods.add(decision.method)
      const order = orderByHand(consensus)
      expect(order).toEqual(decision.ranking.map(({ id }) => id))
      const { score, medoid, believed, weights } = scoresByHand(consensus)
      for (const one of decision.ranking) {
        const own = score[one.id]
        if (one.score === null) expect([one.id, own, one.isLive]).toEqual([one.id, undefined, false])
        else expect(own).toBeCloseTo(one.score, 8)
        expect(medoid[one.id]).toBeCloseTo(one.medoid, 9)
      }
      expect(modelCountsByHand(consensus)).toEqual(
        Object.fromEntries(decision.ranking.map(({ id, modelCount }) => [id, modelCount])),
      )
      const confidence = confidenceByHand(consensus, order)
      expect(confidence.value).toBeCloseTo(decision.confidence.value, 9)
      if (confidence.uncapped === null) expect(decision.confidence.uncapped).toBeNull()
      else expect(confidence.uncapped).toBeCloseTo(decision.confidence.uncapped ?? Number.NaN, 9)
      if (decision.method !== 'execution-agreement') return
      expect(believed).toEqual(decision.evidence.assertions.map(({ isBelieved }) => isBelieved))
      for (const [t, { weight }] of decision.evidence.assertions.entries()) expect(weights[t]).toBeCloseTo(weight, 9)
      const live = decision.evidence.candidates.flatMap((id, i) =>
        decision.ranking.some((one) => one.id === id && one.isLive) ? [i] : [],
      )
      const { compared, agreement } = agreementByHand(consensus, live)
      expect(compared).toBe(decision.evidence.probes.filter(({ isCompared }) => isCompared).length)
      expect(agreement.map((row) => row.map((value) => value.toFixed(9)))).toEqual(
        decision.evidence.agreement.map((row) => row.map((value) => value.toFixed(9))),
      )
    }),
    { numRuns: 300 },
  )
  // A pool that never comes up proves nothing.
  expect([...methods].sort()).toEqual(['execution-agreement', 'none', 'structure-medoid', 'test-suite'])
})

test('the settled of a decision is what its formula says', () => {
  fc.assert(
    fc.property(randomPools, (pool) => {
      const { decision, execution } = written(pool)
      const row = decision.suite?.find(({ candidate }) => candidate === decision.winner)
      const answers = decision.evidence.counts.reduce((total, count) => total + count, 0)
      const votes = decision.ranking[0]?.votes ?? 0
      const isTested = decision.suite?.some(({ grade }) => grade !== 'unverified') ?? false
      const passesTests = row === undefined ? !isTested : row.grade === 'unverified' || row.isGreen
      const isSettled =
        decision.winner !== null &&
        (decision.method === 'execution-agreement'
          ? passesTests &&
            decision.examples.passed === decision.examples.total &&
            decision.evidence.probes.some(({ isCompared }) => isCompared) &&
            votes >= 2 &&
            votes * 2 >= answers
          : row?.isGreen === true)
      expect(decision.stop.isSettled).toBe(isSettled)
      const tried = execution?.rows ?? []
      const isAnyLive = decision.ranking.some(({ isLive }) => isLive)
      const missesAll = decision.method === 'execution-agreement' && decision.examples.total > 0 && decision.examples.passed === 0
      expect(decision.abstain !== null).toBe(
        decision.winner === null || (tried.length > 0 && !isAnyLive && row?.isGreen !== true) || missesAll,
      )
    }),
    { numRuns: 150 },
  )
})
