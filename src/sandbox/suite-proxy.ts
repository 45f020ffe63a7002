import type { SuiteTest } from '../domain/suite.ts'
import type { TypedValue } from '../domain/value.ts'
import type { CandidateSession, Sandbox } from '../ports/sandbox.ts'
import { SUITE_PROXY_HARNESS } from './harness/suite-proxy-harness.ts'
import type { SuiteSpec } from './suite.ts'

/** What the call proxy found. `cannot` sends the suite to the in-process channel. */
export type ProxyResult =
  | { readonly kind: 'report'; readonly tests: readonly SuiteTest[] }
  | { readonly kind: 'cannot'; readonly why: string }

/** Answers the stub's calls: with the candidate, or with nothing at all. */
export type Answerer = (fn: string, args: readonly TypedValue[]) => Promise<readonly TypedValue[] | { readonly cannot: string }>

const MAX_CALLS = 300
const text = (v: string): TypedValue => ({ t: 'str', v })

/**
 * Runs a Python test file in one sandbox against a stub and each call it makes in another, which holds the candidate; what passes
 * between them passes through here. The tests' verdict is made where no candidate byte is, so it cannot be forged.
 */
export async function runThroughProxy(sandbox: Sandbox, spec: SuiteSpec, answer: Answerer): Promise<ProxyResult> {
  const judge = await sandbox.open(
    {
      language: 'python',
      code: SUITE_PROXY_HARNESS,
      entryPoint: 'run',
      seed: spec.candidate.seed,
    },
    spec.signal === undefined ? {} : { signal: spec.signal },
  )
  try {
    const answers: TypedValue[] = []
    const names: TypedValue = { t: 'list', v: spec.names.map(text) }
    while (answers.length <= MAX_CALLS) {
      const args: TypedValue[] = [{ t: 'list', v: answers }, text(spec.tests), text(spec.moduleName), names]
      const outcome = await judge.call({ fn: 'run', args }, { cpuMs: 5_000, wallMs: 20_000 })
      if (outcome.kind !== 'value' || outcome.value.t !== 'tuple')
        return { kind: 'cannot', why: `the tests ended with ${outcome.kind}` }
      const [kind, first, second] = outcome.value.v
      if (kind?.t !== 'str') return { kind: 'cannot', why: 'the tests gave no report' }
      if (kind.v === 'report') return { kind: 'report', tests: readTests(first) }
      if (kind.v !== 'need' || first?.t !== 'str' || second?.t !== 'list')
        return { kind: 'cannot', why: first?.t === 'str' ? first.v : 'no reason' }
      if (second.v.some(hasOther)) return { kind: 'cannot', why: 'an argument of a type of its own' }
      const found = await answer(first.v, second.v)
      if ('cannot' in found) return { kind: 'cannot', why: found.cannot }
      answers.push({ t: 'tuple', v: [text(first.v), ...found] })
    }
    return { kind: 'cannot', why: `more than ${MAX_CALLS} calls` }
  } finally {
    await judge.close()
  }
}

/** Returns an answerer that asks the candidate in `session`. A call that did not run counts as an exception the tests do not expect. */
export function askCandidate(session: CandidateSession): Answerer {
  return async (fn, args) => {
    const outcome = await session.call({ fn, args }, { cpuMs: 1_000, wallMs: 5_000 })
    switch (outcome.kind) {
      case 'value':
        return hasOther(outcome.value) ? { cannot: 'a result of a type of its own' } : [text('value'), outcome.value]
      case 'raised':
        return [text('raised'), text(outcome.error), text(outcome.message)]
      case 'timeout':
        return [text('raised'), text('TimeOut'), text('the call took too long')]
      case 'not-run':
        return [text('raised'), text('NotRun'), text(outcome.reason)]
    }
  }
}

/** The answerer of an empty module: tests that pass against it prove nothing. */
export const answerNothing: Answerer = async () => [text('raised'), text('NotThere'), text('a stub')]

function hasOther(value: TypedValue): boolean {
  switch (value.t) {
    case 'other':
      return true
    case 'list':
    case 'tuple':
    case 'set':
      return value.v.some(hasOther)
    case 'dict':
      return value.v.some(([key, item]) => hasOther(key) || hasOther(item))
    default:
      return false
  }
}

function readTests(rows: TypedValue | undefined): readonly SuiteTest[] {
  if (rows?.t !== 'list') return []
  return rows.v.flatMap((row) => {
    const [id, status, message] = row.t === 'tuple' ? row.v : []
    if (id?.t !== 'str' || status?.t !== 'str') return []
    const told = message?.t === 'str' && message.v !== '' ? { message: message.v } : {}
    return [{ id: id.v, status: status.v === 'pass' || status.v === 'skip' ? status.v : 'fail', ...told } satisfies SuiteTest]
  })
}
