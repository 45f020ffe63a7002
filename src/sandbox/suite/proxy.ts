import type { SuiteTest } from '../../domain/suite.ts'
import type { TypedValue } from '../../domain/value.ts'
import type { Sandbox } from '../../ports/sandbox.ts'
import { SUITE_PROXY_HARNESS } from '../harness/suite-proxy-harness.ts'
import { SUITE_PROXY_JAVASCRIPT } from '../harness/suite-proxy-javascript.ts'
import { type Answer, itemsOf, type SuiteCall } from './answer.ts'
import type { SuiteCandidate } from './candidate.ts'
import { prepareJavaScript, preparePython } from './reach.ts'
import type { SuiteSpec } from './spec.ts'

/**
 * What the call proxy found. `cannot` sends the suite to the in-process channel; `unloadable` is a test file that fails at its top level;
 * `lost` a sandbox that gave up, which says nothing of the code.
 */
export type ProxyResult =
  | {
      readonly kind: 'report'
      readonly tests: readonly SuiteTest[]
      /** The tests that were collected, whether they were reported or not. */
      readonly ids: readonly string[]
      readonly calls: readonly SuiteCall[]
      readonly answers: readonly Answer[]
    }
  | { readonly kind: 'unloadable'; readonly why: string }
  | { readonly kind: 'cannot'; readonly why: string }
  | { readonly kind: 'lost'; readonly why: string }

/** Answers the last of the calls made so far: with the candidate, or with nothing at all. */
type Answerer = (calls: readonly SuiteCall[]) => Promise<Answer>

const MAX_CALLS = 300
const text = (v: string): TypedValue => ({ t: 'str', v })

/** The answerer of an empty module: tests that pass against it prove nothing. */
export const answerNothing: Answerer = async () => ({ kind: 'nothing' })

/**
 * Runs a test file in one sandbox against a stub that has `names`, and each call it makes in another, which holds the candidate;
 * what passes between them passes through here. The tests' verdict is made where no candidate byte is, so it cannot be forged.
 */
export async function runThroughProxy(
  sandbox: Sandbox,
  spec: SuiteSpec,
  names: TypedValue,
  answer: Answerer,
): Promise<ProxyResult> {
  const isPython = spec.candidate.language === 'python'
  const prepared = isPython ? preparePython(spec.tests, spec.moduleName) : prepareJavaScript(spec.tests, spec.moduleName)
  if ('cannot' in prepared) return { kind: 'cannot', why: `the tests use ${prepared.cannot}` }
  const judge = await sandbox.open(
    {
      language: isPython ? 'python' : 'javascript',
      code: isPython ? SUITE_PROXY_HARNESS : SUITE_PROXY_JAVASCRIPT,
      entryPoint: 'run',
      seed: spec.candidate.seed,
    },
    spec.signal === undefined ? {} : { signal: spec.signal },
  )
  try {
    const calls: SuiteCall[] = []
    const answers: Answer[] = []
    while (calls.length <= MAX_CALLS) {
      const known: TypedValue = { t: 'list', v: calls.map((call, at) => ({ t: 'tuple', v: [call, toValue(answers[at])] })) }
      const args = [known, text(prepared.tests), text(spec.moduleName), names, text(spec.framework)]
      const outcome = await judge.call({ fn: 'run', args }, { cpuMs: 5_000, wallMs: 20_000 })
      if (outcome.kind === 'not-run') return { kind: 'lost', why: outcome.reason }
      if (outcome.kind !== 'value') return { kind: 'cannot', why: `the tests ended with ${outcome.kind}` }
      const [kind, first, second] = itemsOf(outcome.value)
      if (kind?.t !== 'str') return { kind: 'cannot', why: 'the tests gave no report' }
      if (kind.v === 'report') return { kind: 'report', tests: readTests(first), ids: readTexts(second), calls, answers }
      if (kind.v === 'unloadable' || kind.v !== 'need' || (first?.t !== 'tuple' && first?.t !== 'list'))
        return { kind: kind.v === 'unloadable' ? 'unloadable' : 'cannot', why: first?.t === 'str' ? first.v : 'no reason' }
      calls.push(first)
      const found = await answer(calls)
      if (found.kind === 'cannot' || found.kind === 'lost') return found
      answers.push(found)
    }
    return { kind: 'cannot', why: `more than ${MAX_CALLS} calls` }
  } finally {
    await judge.close()
  }
}

/**
 * Runs the suite with `candidate` behind the calls: first each call by itself, which shows what the code answers when nothing happened
 * before, then all of them once more in one process. Where the two differ the code has a state, and the suite is run again with all earlier
 * calls repeated before each. A code that then does not answer the same twice is left to the in-process channel.
 */
export async function runOnCandidate(sandbox: Sandbox, spec: SuiteSpec, candidate: SuiteCandidate): Promise<ProxyResult> {
  const { names } = candidate
  const alone = await runThroughProxy(sandbox, spec, names, async (calls) => {
    const [answer] = await candidate.ask(calls.slice(-1))
    return answer ?? { kind: 'cannot', why: 'no answer' }
  })
  if (
    alone.kind !== 'report' ||
    candidate.keepsState ||
    alone.calls.length < 2 ||
    alone.answers.some(({ kind }) => kind === 'dead')
  )
    return alone
  const together = await candidate.ask(alone.calls)
  const odd = together.find(({ kind }) => kind === 'cannot' || kind === 'lost')
  if (odd?.kind === 'cannot' || odd?.kind === 'lost') return odd
  if (JSON.stringify(together) === JSON.stringify(alone.answers)) return alone
  let before: readonly Answer[] = []
  return runThroughProxy(sandbox, spec, names, async (calls) => {
    // Nothing that comes after a call that hung can be asked: it would hang again.
    if (before.at(-1)?.kind === 'dead') return before.at(-1) ?? { kind: 'cannot', why: 'no answer' }
    const answers = await candidate.ask(calls)
    const last = answers.at(-1)
    if (last === undefined) return { kind: 'cannot', why: 'no answer' }
    if (last.kind === 'cannot' || last.kind === 'lost') return last
    if (last.kind !== 'dead' && JSON.stringify(answers.slice(0, -1)) !== JSON.stringify(before))
      return { kind: 'cannot', why: 'the code does not answer the same twice' }
    before = last.kind === 'dead' ? [...before, last] : answers
    return last
  })
}

/** Returns what a module with nothing behind it has: the names the tests take, and those of the candidate, each of the kind it is there. */
export function stubNames(wanted: readonly string[], there: TypedValue | null): TypedValue {
  const known = itemsOf(there ?? undefined)
  const have = new Set(known.map((row) => textOf(itemsOf(row)[0])))
  const more = wanted.filter((name) => !have.has(name) && /^(?!__)[A-Za-z_$][\w$]*$/.test(name))
  return {
    t: 'list',
    v: [...known, ...more.map((name): TypedValue => ({ t: 'tuple', v: [text(name), text('function'), { t: 'list', v: [] }] }))],
  }
}

function textOf(value: TypedValue | undefined): string {
  return value?.t === 'str' ? value.v : ''
}

function toValue(answer: Answer | undefined): TypedValue {
  switch (answer?.kind) {
    case 'told':
      return answer.value
    case 'dead':
      return { t: 'tuple', v: [text('dead'), text(answer.why)] }
    default:
      return { t: 'tuple', v: [text('nothing')] }
  }
}

function readTexts(rows: TypedValue | undefined): readonly string[] {
  return rows?.t === 'list' ? rows.v.flatMap((row) => (row.t === 'str' ? [row.v] : [])) : []
}

function readTests(rows: TypedValue | undefined): readonly SuiteTest[] {
  if (rows?.t !== 'list') return []
  return rows.v.flatMap((row) => {
    const [id, status, message] = itemsOf(row)
    if (id?.t !== 'str' || status?.t !== 'str') return []
    const told = message?.t === 'str' && message.v !== '' ? { message: message.v } : {}
    return [{ id: id.v, status: status.v === 'pass' || status.v === 'skip' ? status.v : 'fail', ...told } satisfies SuiteTest]
  })
}
