import type { Decision, RankedContender } from '../../src/consensus/decision.ts'
import type { ConsensusArtifact } from '../../src/domain/artifacts.ts'

/*
 * A decision made again from the text of consensus.json alone, by the words of its `formula`. Nothing here calls the product.
 */

export type Consensus = ConsensusArtifact & { readonly decision: Decision }

/** The scores of the programs that load, the assertions believed, and the weights, by hand. */
export interface ScoresByHand {
  readonly score: Readonly<Record<string, number>>
  readonly medoid: Readonly<Record<string, number>>
  readonly believed: readonly boolean[]
  readonly weights: readonly number[]
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : sum(values) / values.length)
const toOne = (values: readonly number[], whenNone: number): number[] => {
  const highest = Math.max(0, ...values)
  return values.map((value) => (highest > 0 ? value / highest : whenNone))
}

function indices({ decision }: Consensus, of: (one: RankedContender) => boolean): number[] {
  return decision.evidence.candidates.flatMap((id, i) => (decision.ranking.some((one) => one.id === id && of(one)) ? [i] : []))
}

/** The compared calls, and the agreement they give. */
export function agreementByHand({ decision }: Consensus, live: readonly number[]): { compared: number; agreement: number[][] } {
  const { probes, candidates } = decision.evidence
  const compared = probes.filter(({ answers }) => {
    const given = live.filter((i) => answers[i] !== null).length
    return given > 0 && given * 2 >= live.length
  })
  const same = (i: number, j: number): number =>
    compared.filter(({ answers }) => answers[i] !== null && answers[i] === answers[j]).length
  const all = candidates.map((_, i) => i)
  return {
    compared: compared.length,
    agreement: all.map((i) => all.map((j) => (compared.length === 0 ? 0 : same(i, j) / compared.length))),
  }
}

function believedByHand(consensus: Consensus, live: readonly number[]): boolean[] {
  const { decision, plan } = consensus
  const { candidates, examples, assertions, probes } = decision.evidence
  const id = (i: number): string => candidates[i] ?? ''
  const judges = live.filter((i) => examples.every(({ passedBy }) => passedBy.includes(id(i))))
  const { agreement } = agreementByHand(consensus, live)
  const alike = judges.map((i) => judges.filter((j) => i === j || agreement[i]?.[j] === 1))
  const calls = (plan?.assertions ?? []).map(({ call }) => call)
  const restated = new Set(plan?.examples.map(({ call }) => call))
  const facts = assertions.map((assertion, t) => {
    const call = calls[t] ?? -1
    const answers = probes[plan?.probes.indexOf(call) ?? -1]?.answers ?? []
    const given = judges.map((i) => answers[i] ?? null).filter((value) => value !== null)
    const passing = judges.filter((i) => assertion.passedBy.includes(id(i))).length
    const against = (some: readonly number[]): number => {
      const failing = some.filter((i) => !assertion.passedBy.includes(id(i)) && (answers[i] ?? null) !== null)
      return Math.max(0, ...failing.map((i) => failing.filter((j) => answers[j] === answers[i]).length))
    }
    const [any, group] = [against(judges), Math.max(0, ...alike.map(against))]
    const besides = probes.filter(({ isCompared }, k) => isCompared && plan?.probes[k] !== call).length
    const isOutvoted = (any >= 3 && any > passing) || (besides >= 3 && group >= 2 && group > passing)
    const isKnown = examples.length > 0 && !restated.has(call) && given.length >= 2 && new Set(given).size === 1
    return {
      writer: assertion.writer,
      isKnown,
      isWrong: isKnown && passing === 0,
      isVoid: isOutvoted && assertion.writer?.endsWith('/arbitrate') !== true,
    }
  })
  return facts.map((fact) => {
    const own = facts.filter(({ writer }) => writer === fact.writer)
    const [known, wrong] = [own.filter(({ isKnown }) => isKnown).length, own.filter(({ isWrong }) => isWrong).length]
    return (known - wrong + 1) / (known + 1) >= 0.5 && !fact.isVoid
  })
}

function medoids({ decision: { evidence } }: Consensus, of: readonly number[], over: readonly number[]): Record<string, number> {
  const total = sum(over.map((j) => evidence.counts[j] ?? 0))
  return Object.fromEntries(
    of.map((i) => {
      const shared = sum(over.map((j) => (evidence.counts[j] ?? 0) * (evidence.similarity[i]?.[j] ?? 0)))
      return [evidence.candidates[i] ?? '', total === 0 ? 0 : shared / total]
    }),
  )
}

/** The score of every program that has one, and the medoid of all. */
export function scoresByHand(consensus: Consensus): ScoresByHand {
  const { evidence, method, ranking } = consensus.decision
  const all = indices(consensus, () => true)
  const parsing = indices(consensus, ({ parses }) => parses)
  if (method !== 'execution-agreement') {
    const medoid = medoids(consensus, all, parsing)
    return { score: medoid, medoid, believed: [], weights: [] }
  }
  const live = indices(consensus, ({ isLive }) => isLive)
  const id = (i: number): string => evidence.candidates[i] ?? ''
  const count = (i: number): number => evidence.counts[i] ?? 0
  const { agreement, compared } = agreementByHand(consensus, live)
  const together = (i: number, j: number): number => (agreement[i]?.[j] ?? 0) + 0.05 * (evidence.similarity[i]?.[j] ?? 0)
  const believed = believedByHand(consensus, live)
  const passes = (i: number, t: number): boolean => evidence.assertions[t]?.passedBy.includes(id(i)) ?? false
  const each = evidence.assertions.map((_, t) => t)
  const passed = toOne(
    live.map((i) => each.filter((t) => believed[t] && passes(i, t)).length),
    1,
  )
  const backing = live.map((i) => count(i) * sum(live.map((j, n) => together(i, j) * count(j) * (passed[n] ?? 0))))
  const trust = backing.map((value) => (sum(backing) > 0 ? value / sum(backing) : 0))
  const reliability = each.map((t) => sum(live.map((i, n) => (passes(i, t) ? (trust[n] ?? 0) : 0))))
  const writerMean = (writer: string | null): number =>
    mean(each.filter((t) => believed[t] && evidence.assertions[t]?.writer === writer).map((t) => reliability[t] ?? 0))
  const best = Math.max(0, ...evidence.assertions.map(({ writer }) => writerMean(writer)))
  const weights = evidence.assertions.map(({ writer }, t) =>
    believed[t] ? (best > 0 ? (writerMean(writer) / best) ** 2 : 1) : 0,
  )
  const tests = toOne(
    live.map((i) => sum(each.map((t) => (passes(i, t) ? (weights[t] ?? 0) * (reliability[t] ?? 0) : 0)))),
    1,
  )
  const voice = (j: number): number =>
    evidence.examples.length === 0
      ? 1
      : 0.05 + evidence.examples.filter(({ passedBy }) => passedBy.includes(id(j))).length / evidence.examples.length
  const votes = toOne(
    live.map((i) => sum(live.map((j, n) => together(i, j) * count(j) * (tests[n] ?? 0) * voice(j)))),
    0,
  )
  const isConstant = (i: number): boolean => {
    const given = evidence.probes
      .filter(({ isCompared }) => isCompared)
      .map(({ answers, values }) => (answers[i] == null ? null : values[answers[i]]))
    return compared >= 3 && given.every((value) => value !== null && value === given[0])
  }
  const constants = live.filter(isConstant).length
  const medoid = medoids(consensus, live, live)
  const score = live.map((i, n) => {
    const likeness = ranking.find((one) => one.id === id(i))?.likeness ?? 0
    const penalty = isConstant(i) && constants * 2 < live.length ? 1 : 0
    const own = medoid[id(i)] ?? 0
    return [
      id(i),
      Math.log((votes[n] ?? 0) + 1e-9) +
        2 * Math.log((tests[n] ?? 0) + 1e-3) +
        0.05 * Math.log(own + 1e-6) +
        0.001 * likeness -
        penalty,
    ] as const
  })
  const dead = all.filter((i) => !live.includes(i))
  return { score: Object.fromEntries(score), medoid: { ...medoid, ...medoids(consensus, dead, parsing) }, believed, weights }
}

/** The models behind each program's behaviour, or its text. */
export function modelCountsByHand(consensus: Consensus): Record<string, number> {
  const { decision, candidates } = consensus
  const { evidence, method } = decision
  const models = (i: number): readonly string[] => candidates.find(({ id }) => id === evidence.candidates[i])?.models ?? []
  const live = method === 'execution-agreement' ? indices(consensus, ({ isLive }) => isLive) : []
  const { agreement } = agreementByHand(consensus, live)
  return Object.fromEntries(
    evidence.candidates.map((id, i) => {
      const alike = live.includes(i) ? live.filter((j) => j === i || agreement[i]?.[j] === 1) : [i]
      return [id, new Set(alike.flatMap(models)).size]
    }),
  )
}

/** The ids in the order the formula gives; the numbers it compares are made by hand. */
export function orderByHand(consensus: Consensus): string[] {
  const { decision } = consensus
  const { score, medoid } = scoresByHand(consensus)
  const models = modelCountsByHand(consensus)
  const isExecuted = decision.method === 'execution-agreement'
  const steps = (value: number | undefined): number => Math.round((value ?? 0) / 1e-9)
  const suite = (one: RankedContender): readonly number[] => {
    const row = decision.suite?.find(({ candidate }) => candidate === one.id)
    const grade = ['unverified', 'forgeable', 'verified'].indexOf(row?.grade ?? 'unverified')
    return [row?.isGreen === true ? 1 : 0, row?.passed ?? 0, grade]
  }
  const isGreen = (one: RankedContender): boolean => suite(one)[0] === 1
  const isFirst = (one: RankedContender): boolean => isExecuted && one.isLive
  // The last two are texts, and lower comes first, as do fewer nodes.
  const key = (one: RankedContender): readonly number[] =>
    isFirst(one)
      ? [1, one.examplesPassed, ...suite(one), steps(score[one.id])]
      : [
          0,
          one.isLive || isGreen(one) ? 1 : 0,
          one.problem === null ? 1 : 0,
          one.parses ? 1 : 0,
          ...suite(one),
          steps(medoid[one.id]),
          one.strength,
        ]
  const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return decision.ranking
    .toSorted((a, b) => {
      const [left, right] = [key(a), key(b)]
      const at = left.findIndex((value, k) => value !== right[k])
      if (at >= 0) return (right[at] ?? 0) - (left[at] ?? 0)
      const apart = (medoid[b.id] ?? 0) - (medoid[a.id] ?? 0)
      return (
        (models[b.id] ?? 0) - (models[a.id] ?? 0) ||
        (Math.abs(apart) < 1e-9 ? 0 : apart) ||
        a.nodes - b.nodes ||
        compareText(a.codeHash, b.codeHash) ||
        compareText(a.id, b.id)
      )
    })
    .map(({ id }) => id)
}

/** The confidence that the first of `order` is right, and what it was before its caps. */
export function confidenceByHand(consensus: Consensus, order: readonly string[]): { value: number; uncapped: number | null } {
  const { decision } = consensus
  const { evidence, method, suite } = decision
  const winner = decision.ranking.find(({ id }) => id === order[0])
  const row = suite?.find(({ candidate }) => candidate === winner?.id)
  if (winner === undefined || !(winner.isLive || winner.parses || row?.isGreen)) return { value: 0, uncapped: null }
  const isGraded = row !== undefined && row.grade !== 'unverified'
  const most = isGraded && !row.isGreen ? 0.12 : 1
  if (method !== 'execution-agreement') {
    if (row?.isGreen === true && row.grade === 'verified') return { value: 0.72, uncapped: null }
    const others = decision.ranking.filter(({ id, parses }) => id !== winner.id && parses).length
    const medoid = scoresByHand(consensus).medoid[winner.id] ?? 0
    return { value: Math.min(most, others === 0 ? 0.25 : 0.5 * medoid), uncapped: null }
  }
  const at = evidence.candidates.indexOf(winner.id)
  const live = indices(consensus, ({ isLive }) => isLive)
  const { agreement } = agreementByHand(consensus, live)
  const { believed } = scoresByHand(consensus)
  const passed = evidence.examples.filter(({ passedBy }) => passedBy.includes(winner.id)).length
  const d = evidence.examples.length === 0 ? 1 : passed / evidence.examples.length
  const counted = evidence.assertions.filter((_, t) => believed[t])
  const t = counted.length === 0 ? 0.5 : counted.filter(({ passedBy }) => passedBy.includes(winner.id)).length / counted.length
  const answers = sum(evidence.counts)
  const soft = sum(evidence.counts.map((count, j) => count * (agreement[at]?.[j] ?? 0))) / answers
  const byOthers = answers <= 1 ? 0 : 1.87 * soft + (0.62 * Math.min(winner.votes, 5)) / 5
  const power = 4.37 * d - (evidence.examples.length === 0 ? 1.3 : 0) + 1.1 * t + byOthers - 5.01
  const uncapped = 1 / (1 + Math.exp(-power))
  const oneModel = modelCountsByHand(consensus)[winner.id] === 1 || winner.votes < 2 ? 0.84 : 1
  return { value: Math.min(uncapped, oneModel, most), uncapped }
}
