import fc from 'fast-check'
import pc from 'picocolors'
import { describe, expect, test } from 'vitest'
import { explainRun } from '../../src/app/explain-run.ts'
import { renderReport } from '../../src/app/render-report.ts'
import { seenHistory } from '../../src/app/run-history.ts'
import { renderSummary } from '../../src/cli/render-summary.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import type { Judgement } from '../../src/machines/judgement.ts'
import { createContext } from '../../src/machines/run-context.ts'
import { type Given, given, plus, raises, right } from '../consensus/decide-given.ts'
import { randomPools } from '../consensus/decide-pools.ts'
import { report } from '../support/suite-run.ts'
import { spec } from '../support/test-services.ts'
import { judged } from './judge-pool.ts'

const PLAIN = pc.createColors(false)
const REFUSED = { kind: 'not-run', reason: 'no interpreter' } as const
const ABSENT = 'def f(n): ...'

type Reports = Readonly<Record<string, ReturnType<typeof report>>>

/** A pool as a run judges it; `reports` are of the user's tests. */
function pool(setup: Given, reports: Reports | null = null, isCallable = true): Judgement {
  const input = given(setup)
  const rows = reports === null ? null : Object.entries(reports).map(([candidate, each]) => ({ candidate, report: each }))
  const plan = { ...input.plan, entryPoint: null, calls: [], examples: [], assertions: [], probes: [] }
  return judged({ input: isCallable ? input : { ...input, plan, matrix: null }, reports: rows })
}

/** All that is said of it: by `explain`, in the report, at the end of the run. */
function said(judgement: Judgement): { explained: string; reported: string; summed: string } {
  const context = { ...createContext({ runId: 'run1', spec: spec() }, 'task'), judgement }
  const facts = {
    ...({ runId: 'run1', outcome: 'completed', stopReason: 'agreed', detail: '', digest: 'd', productVersion: '1' } as const),
    ...{ context, config: BUILT_IN_CONFIG, folder: 'artifacts/runs/run1', writtenMs: 0, hardware: null },
    ...{ engineVersion: null, likeness: null, backends: [] },
    history: { ...seenHistory([]), startedMs: 0, wallMs: () => 0 },
  }
  const options = { columns: 400, paint: PLAIN, folder: null, files: [], tookMs: null }
  return {
    explained: explainRun(context, []).join('\n'),
    reported: renderReport(facts, []),
    summed: renderSummary({ ...facts, context }, options),
  }
}

describe('what was executed, and what it showed', () => {
  test('tests that ran where nothing could be called are not called nothing', () => {
    const alone = { programs: { a: right, b: right } }
    const { explained, reported, summed } = said(
      pool(alone, { a: report(null, 'forgeable'), b: report(null, 'forgeable') }, false),
    )
    const grade = 'Grade: executed on a forgeable channel: inside a process the program could tamper with'
    expect([explained, reported]).toEqual([expect.stringContaining(grade), expect.stringContaining(grade)])
    const why = 'it passes 2 of 2 tests that were given; no call was executed: the task names no function that could be called'
    expect([reported, summed]).toEqual([expect.stringContaining(`- Why: ${why}`), expect.stringContaining(why)])
    expect([explained, reported, summed].join()).not.toMatch(/[Nn]othing was executed|nothing to call|passed on a forgeable/)
    expect(reported).toContain('- Tests run by bwrap, isolation full: those that were given, on 2 programs')
    expect(reported).toContain('- Inputs beyond those of the tests, speed, and style')
  })

  test('tests that prove nothing ran, and showed nothing', () => {
    const unproved = { a: report(null, 'unverified'), b: report(null, 'unverified') }
    const { explained, reported, summed } = said(pool({ programs: { a: right, b: right } }, unproved, false))
    const grade = 'Grade: unverified: the tests that were given show nothing, and no call was executed'
    expect([explained, reported]).toEqual([expect.stringContaining(grade), expect.stringContaining(grade)])
    expect(reported).toContain('- Behaviour: no call was executed: the task names no function that could be called')
    expect(summed).toContain('behaviour: no call was executed: the task names no function that could be called')
    expect([explained, reported, summed].join()).not.toMatch(/[Nn]othing was executed|nothing to call/)
  })

  test('a program that fails its tests did not pass on any channel', () => {
    const failed = { a: report('test_sum', 'forgeable'), b: report('test_sum', 'forgeable') }
    const { explained } = said(pool({ programs: { a: right, b: right } }, failed, false))
    expect(explained).toContain('Grade: executed on a forgeable channel')
    expect(explained).not.toContain('passed on a forgeable channel')
  })

  test('where programs load and no input was found, no call was executed; that is not: nothing to call', () => {
    const { reported, explained } = said(pool({ programs: { a: right, b: plus }, prompt: ABSENT }))
    expect(explained).toContain('Grade: unverified: programs load, and no call was executed.')
    expect(reported).toContain('; no call was executed: no example, assertion or input was found to run')
    expect(reported).not.toMatch(/[Nn]othing was executed|nothing to call/)
  })

  test('where there were calls and no program could be run, it is not the task that lacks them', () => {
    const { reported } = said(pool({ programs: { a: REFUSED, b: REFUSED } }))
    expect(reported).toContain('; no call was executed: no program could be run')
    expect(reported).not.toMatch(/[Nn]othing was executed: there|nothing to call/)
  })
})

describe('agreement and dissent in the report', () => {
  const NO_DISSENT = 'None: every program that loads behaves like the winner.'

  test('where all behave alike, that is what is said', () => {
    const { reported } = said(pool({ programs: { a: right, b: right } }))
    expect(reported).toContain(NO_DISSENT)
    expect(reported).toMatch(/- Agreement: 2 of 2 answers behave alike on \d\d compared calls\n/)
  })

  test('where no input could be compared nobody agrees, and nobody could disagree', () => {
    const { reported } = said(
      pool({ programs: { a: raises, b: raises, c: raises }, prompt: ABSENT, assertions: ['assert f(1) == 2'] }),
    )
    expect(reported).toContain('- Agreement: no input could be compared\n')
    expect(reported).toContain('None could be told: no input could be compared.')
    expect(reported).not.toMatch(/every program|behaves like|\b1 of 3\b|on 0 compared/)
  })

  test('of any pool all are said to behave alike only where they do, and nothing is said to agree with itself', () => {
    fc.assert(
      fc.property(randomPools, (drawn) => {
        const judgement = judged(drawn)
        const { ranking, agreement } = judgement.decision
        const { reported } = said(judgement)
        const live = ranking.filter(({ isLive }) => isLive).reduce((sum, { count }) => sum + count, 0)
        if (reported.includes(NO_DISSENT)) expect(agreement.count).toBe(live)
        expect(reported).not.toMatch(/\b1 of \d+ answers?\b|on 0 compared|behaves like 1\b/)
        if (/Grade: (?:verified|executed)/.test(reported)) expect(reported).not.toMatch(/[Nn]othing was executed/)
      }),
      { numRuns: 150 },
    )
  })

  test('a program that stands alone is not said to behave like itself', () => {
    const { reported } = said(pool({ programs: { a: right, b: plus } }))
    expect(reported).toContain('- Agreement: no other of 2 answers behaves like it on ')
    expect(reported).not.toMatch(/1 of 2 answers/)
    const alone = said(pool({ programs: { a: right } })).reported
    expect(alone).toContain('- Agreement: it is the only answer\n')
    expect(alone).toContain('None: no other program could be called.')
  })
})
