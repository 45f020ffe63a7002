import { expect } from 'vitest'
import type { Decision, RankedContender, SuiteFacts } from '../../src/consensus/decision.ts'

/*
 * What `explain` says of why the winner won is read back and held against the numbers of the decision. A sentence of another
 * form is a fault too: what is not understood here is not checked.
 */

interface Read {
  readonly decision: Decision
  readonly winner: RankedContender
  readonly second: RankedContender | undefined
}

type Sentence = readonly [form: RegExp, holds: (read: Read, ...parts: string[]) => void]

const testsOf = ({ suite }: Decision, id: string | undefined): SuiteFacts | undefined =>
  suite?.find(({ candidate }) => candidate === id)
const grade = (facts: SuiteFacts | undefined): number =>
  ['unverified', 'forgeable', 'verified'].indexOf(facts?.grade ?? 'unverified')
/** The user's tests as a key: green, passed, grade. */
const keyOf = (facts: SuiteFacts | undefined): string => [facts?.isGreen ?? false, facts?.passed ?? 0, grade(facts)].join()
const isAhead = (a: SuiteFacts | undefined, b: SuiteFacts | undefined): boolean =>
  (a?.isGreen ?? false) !== (b?.isGreen ?? false)
    ? (a?.isGreen ?? false)
    : (a?.passed ?? 0) !== (b?.passed ?? 0)
      ? (a?.passed ?? 0) > (b?.passed ?? 0)
      : grade(a) > grade(b)
const passed = (checks: Decision['evidence']['examples'], id: string): number =>
  checks.filter(({ passedBy }) => passedBy.includes(id)).length
const near = (text: string, value: number): void =>
  expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(Math.abs(value) / 10 + 5e-4)

const isUsable = (decision: Decision, { id, isLive }: RankedContender): boolean =>
  isLive || (testsOf(decision, id)?.isGreen ?? false)

function equalBefore({ decision, winner, second }: Read, what: 'tests' | 'score'): RankedContender {
  if (second === undefined) throw new Error('there is no next one')
  expect(second).toBe(decision.ranking[1])
  if (decision.method === 'execution-agreement') {
    expect([second.isLive, second.examplesPassed]).toEqual([true, winner.examplesPassed])
  } else if (what === 'score' || isUsable(decision, second) || !isUsable(decision, winner)) {
    expect([second.problem === null, second.parses]).toEqual([winner.problem === null, winner.parses])
    if (what === 'score') expect(isUsable(decision, second)).toBe(isUsable(decision, winner))
  }
  if (what === 'score') expect(keyOf(testsOf(decision, second.id))).toBe(keyOf(testsOf(decision, winner.id)))
  return second
}

function tieHolds(read: Read, id: string, rule: string): void {
  const second = equalBefore(read, 'score')
  const { winner } = read
  expect(id).toBe(second.id)
  expect(Math.abs((winner.score ?? 0) - (second.score ?? 0))).toBeLessThanOrEqual(1.001e-9)
  const keys: readonly (readonly [string, number])[] = [
    ['more models behind the behaviour', winner.modelCount - second.modelCount],
    ['closer to the other programs', Math.abs(winner.medoid - second.medoid) < 1e-9 ? 0 : winner.medoid - second.medoid],
    ['shorter syntax tree', second.nodes - winner.nodes],
    ['lowest hash of the text', winner.codeHash < second.codeHash ? 1 : winner.codeHash > second.codeHash ? -1 : 0],
    ['lowest id', winner.id < second.id ? 1 : -1],
  ]
  const decisive = keys.find(([, lead]) => lead !== 0)
  expect(decisive?.[0]).toBe(rule)
  expect(decisive?.[1]).toBeGreaterThan(0)
}

function testsHold(read: Read, ...[own, total, id, other, all, none, unproved, broken, forged]: string[]): void {
  const second = equalBefore(read, 'tests')
  const [ours, theirs] = [testsOf(read.decision, read.winner.id), testsOf(read.decision, second.id)]
  expect(isAhead(ours, theirs)).toBe(true)
  expect([Number(own), Number(total)]).toEqual([ours?.passed, ours?.total])
  const named = [id, none, unproved, broken, forged].filter((each) => each !== undefined)
  expect(named).toEqual([second.id])
  if (id !== undefined) expect([Number(other), Number(all)]).toEqual([theirs?.passed, theirs?.total])
  if (none !== undefined) expect(theirs).toBeUndefined()
  if (unproved !== undefined) expect(theirs?.grade).toBe('unverified')
  if (broken !== undefined) expect(theirs).toMatchObject({ isGreen: false, passed: ours?.passed, total: ours?.total })
  if (forged !== undefined) expect(theirs).toMatchObject({ grade: 'forgeable', passed: ours?.passed, isGreen: ours?.isGreen })
}

function largestHolds(read: Read, ...[id, behind, part, size]: string[]): void {
  const second = equalBefore(read, 'score')
  const { winner } = read
  expect(id).toBe(second.id)
  const lead = (winner.score ?? 0) - (second.score ?? 0)
  expect(lead).toBeGreaterThan(0)
  near(behind ?? '', lead)
  const parts: Readonly<Record<string, number>> = {
    agreement: Math.log(winner.agreement + 1e-9) - Math.log(second.agreement + 1e-9),
    assertions: 2 * (Math.log(winner.tests + 1e-3) - Math.log(second.tests + 1e-3)),
    structure: 0.05 * (Math.log(winner.medoid + 1e-6) - Math.log(second.medoid + 1e-6)),
    'answering everything alike': second.penalty - winner.penalty,
    likeness: 0.001 * (winner.likeness - second.likeness),
  }
  expect(parts[part ?? '']).toBe(Math.max(...Object.values(parts)))
  expect(parts[part ?? '']).toBeGreaterThan(0)
  near(size ?? '', parts[part ?? ''] ?? Number.NaN)
}

const TESTS =
  'the winner passes (\\d+) of (\\d+) tests? that (?:was|were) given, (?:(c\\d) (\\d+) of (\\d+)|and they were not run on (c\\d)|and what they show of (c\\d) proves nothing|and so does (c\\d), whose run as a whole did not pass|and so does (c\\d), where it could forge the result)'
const NEXT_BY_STRUCTURE: readonly Sentence[] = [
  [
    /^(?:it|the winner) loads, and (c\d)(?:, which is next,)? could not be run: (.+)$/,
    ({ winner, second }, id, problem) => {
      expect([id, problem]).toEqual([second?.id, second?.problem])
      expect([winner.problem, second?.isLive]).toEqual([null, false])
    },
  ],
  [
    /^(?:it|the winner) can be called, and (c\d)(?:, which is next,)? defines no function to call$/,
    ({ decision, winner, second }, id) => {
      expect(id).toBe(second?.id)
      expect([winner.isLive, second?.isLive, second?.problem]).toEqual([true, false, null])
      expect(testsOf(decision, id)?.isGreen).toBe(false)
    },
  ],
  [
    /^(?:it|the winner) parses, and (c\d)(?:, which is next,)? does not$/,
    ({ decision, winner, second }, id) => {
      expect(id).toBe(second?.id)
      expect([winner.parses, second?.parses]).toEqual([true, false])
      if (second !== undefined) expect(isUsable(decision, second) && !isUsable(decision, winner)).toBe(false)
    },
  ],
  [new RegExp(`^${TESTS}$`), testsHold],
  [
    /^(?:its|the winner's) structure is (closest|closer) to the other candidates (?:than that of (c\d)(?:, which is next)? )?\(likeness ([\d.]+)(?:; that of (c\d)(?:, which is next,)? is| and) ([\d.]+)\)$/,
    (read, how, closer, own, closest, other) => {
      const second = equalBefore(read, 'score')
      expect(closer ?? closest).toBe(second.id)
      expect(Number(own)).toBeGreaterThan(Number(other))
      near(own ?? '', read.winner.medoid)
      near(other ?? '', second.medoid)
      const most = Math.max(...read.decision.ranking.map(({ medoid }) => medoid))
      expect(read.winner.medoid >= most - 1e-9).toBe(how === 'closest')
    },
  ],
  [
    /^(?:its|the winner's) structure is as close to the other candidates as that of (c\d)(?:, which is next)? \(likeness ([\d.e-]+)\)(?:; the tie was broken by: (.+)|, and (?:its|the winner's) model is larger \(parameters: (\S+) billion and (unknown|(\S+) billion)\))$/,
    (read, id, alike, rule, own, other, size) => {
      const second = equalBefore(read, 'score')
      near(alike ?? '', read.winner.medoid)
      expect(Math.abs(read.winner.medoid - second.medoid)).toBeLessThan(1.001e-9)
      if (rule !== undefined) {
        expect(second.strength).toBe(read.winner.strength)
        tieHolds(read, id ?? '', rule)
        return
      }
      expect([id, Number(own), other === 'unknown' ? 0 : Number(size)]).toEqual([
        second.id,
        read.winner.strength,
        second.strength,
      ])
      expect(read.winner.strength).toBeGreaterThan(second.strength)
    },
  ],
]

const NEXT: readonly Sentence[] = [
  [
    /^No other candidate could be run\.$/,
    ({ decision }) => expect(decision.ranking.slice(1).every(({ isLive }) => !isLive) && decision.ranking.length > 1).toBe(true),
  ],
  [
    /^(c\d) is next: it passes (\d+) examples?, the winner (\d+)\.$/,
    ({ decision, winner, second }, id, theirs, ours) => {
      expect([id, Number(theirs)]).toEqual([second?.id, passed(decision.evidence.examples, id ?? '')])
      expect(Number(ours)).toBe(passed(decision.evidence.examples, winner.id))
      expect(Number(ours)).toBeGreaterThan(Number(theirs))
    },
  ],
  [new RegExp(`^c\\d is next: ${TESTS}\\.$`), testsHold],
  [
    /^(c\d) is next, with the same score; the tie was broken by: (.+)\.$/,
    (read, id, rule) => tieHolds(read, id ?? '', rule ?? ''),
  ],
  [/^(c\d) is next, (\S+) behind; the largest part of that is (.+) \((\S+)\)\.$/, largestHolds],
]

const PASSES: readonly Sentence[] = [
  [
    /^it passes (?:(\d+) of (\d+) examples?)?(?: and )?(?:(\d+) of (\d+) assertions?(?: \((none|\d+)(?: not)? believed\))?)?$/,
    ({ decision, winner }, examples, ofExamples, assertions, ofAssertions, doubted) => {
      const { evidence } = decision
      if (examples !== undefined) expect(Number(examples)).toBe(passed(evidence.examples, winner.id))
      expect(Number(ofExamples ?? 0)).toBe(evidence.examples.length)
      if (assertions !== undefined) expect(Number(assertions)).toBe(passed(evidence.assertions, winner.id))
      expect(Number(ofAssertions ?? 0)).toBe(evidence.assertions.length)
      const unbelieved = evidence.assertions.filter(({ isBelieved }) => !isBelieved).length
      expect(doubted === 'none' ? evidence.assertions.length : Number(doubted ?? 0)).toBe(unbelieved)
    },
  ],
  [/^the task gives no example$/, ({ decision }) => expect(decision.evidence.examples).toEqual([])],
  [/^no assertion could be used$/, ({ decision }) => expect(decision.evidence.assertions).toEqual([])],
]

const AGREED: readonly Sentence[] = [
  [
    /^no input could be compared$/,
    ({ decision }) => expect(decision.evidence.probes.some(({ isCompared }) => isCompared)).toBe(false),
  ],
  [
    /^it gives no result for (\d+) of (\d+) compared inputs?$/,
    (read, silent, all) => {
      const { own, compared } = given(read)
      expect([Number(silent), Number(all)]).toEqual([own.filter((value) => value === null).length, compared.length])
      expect(Number(silent)).toBeGreaterThan(0)
    },
  ],
  [/^it is the only answer$/, ({ decision }) => expect(decision.evidence.counts).toEqual([1])],
  [/^no other of (\d+) answers behaves like it on every compared input$/, (read, all) => alikeHolds(read, '1', all)],
  [/^(\d+) of (\d+) answers behave alike on every compared input$/, alikeHolds],
]

function given({ decision, winner }: Read): { own: (number | null)[]; compared: Decision['evidence']['probes'] } {
  const at = decision.evidence.candidates.indexOf(winner.id)
  const compared = decision.evidence.probes.filter(({ isCompared }) => isCompared)
  return { own: compared.map(({ answers }) => answers[at] ?? null), compared }
}

function alikeHolds(read: Read, count: string | undefined, all: string | undefined): void {
  const { own, compared } = given(read)
  const { counts } = read.decision.evidence
  expect(own).not.toContain(null)
  const alike = counts.filter((_, i) => compared.every(({ answers }, k) => answers[i] === own[k]))
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  expect([Number(count), Number(all)]).toEqual([sum(alike), sum(counts)])
}

/** Reads a sentence by the first form that fits, and checks it. */
function check(sentences: readonly Sentence[], text: string, read: Read): void {
  for (const [form, holds] of sentences) {
    const found = form.exec(text)
    if (found === null) continue
    holds(read, ...found.slice(1))
    return
  }
  throw new Error(`nobody knows what this says: ${text}`)
}

/** Checks what `lines` say of why the winner won, and what put it before the next; throws where a sentence is false or unknown. */
export function checkWhy(decision: Decision, lines: readonly string[]): void {
  const [first = '', ...rest] = lines
  const winner = decision.ranking[0]
  if (winner === undefined || decision.winner === null) {
    expect(first).toMatch(/^No candidate was chosen: /)
    return
  }
  const read = { decision, winner, second: decision.ranking[1] }
  const next = rest.find((line) => line.includes(' is next') || line.startsWith('No other'))
  expect(first.startsWith(`${winner.id} `)).toBe(true)
  const why = / won: (.*)\.$/.exec(first)?.[1] ?? / was chosen without execution, because [^:]+: (.*)\.$/.exec(first)?.[1]
  if (decision.method === 'execution-agreement') {
    const parts = why?.split(', ') ?? []
    for (const part of parts.slice(0, -1)) check(PASSES, part, read)
    check(AGREED, parts.at(-1) ?? '', read)
    expect(next === undefined).toBe(read.second === undefined)
    if (next !== undefined) check(NEXT, next, read)
    return
  }
  if (decision.method === 'test-suite') {
    const own = testsOf(decision, winner.id)
    const [, count, total] = /^it passes (\d+) of (\d+) tests? that (?:was|were) given; .+$/.exec(why ?? '') ?? []
    expect([Number(count), Number(total)]).toEqual([own?.passed, own?.total])
    expect(own?.grade).not.toBe('unverified')
    expect(next === undefined).toBe(read.second === undefined)
    if (next !== undefined) {
      const [, id, why = ''] = /^(c\d) is next: (.*)\.$/.exec(next) ?? []
      expect(id).toBe(read.second?.id)
      // The subject of the sentence is the next one: `its` would be that one's, and it cannot be behind itself.
      expect(why).not.toMatch(/\bits? (?:structure|model|is|loads|parses|can)\b|which is next/)
      check(NEXT_BY_STRUCTURE, why, read)
    }
    return
  }
  if (read.second === undefined) expect(why).toBe('there is no other program')
  else {
    expect(why).not.toMatch(/^the winner(?:'s structure| loads| parses| can)/)
    check(NEXT_BY_STRUCTURE, why ?? '', read)
  }
}
