import { describe, expect, test } from 'vitest'
import type { RunSpecInput } from '../../src/domain/run-spec.ts'
import type { GateRequest } from '../../src/machines/effects.ts'
import { FoldDriver, model } from '../support/fold-driver.ts'
import { persona, spec } from '../support/test-services.ts'

const TASK = 'Write add(a, b) in Python. add(1, 2) == 3'
const sum = ([a = 0, b = 0]: readonly number[]): number => a + b
/** Passes the example and differs from `sum` elsewhere. */
const product = ([a = 0, b = 0]: readonly number[]): number => (a === 1 && b === 2 ? 3 : a * b)
const SMALL = model('small', { parameterSize: '1B' })
const BIG = model('big', { parameterSize: '70B' })

interface Member {
  readonly roles?: readonly ('critique' | 'draft' | 'judge' | 'write_tests')[]
  readonly prefers?: string | readonly string[]
  readonly pinned?: string
}

function team(members: Readonly<Record<string, Member>>): FoldDriver {
  const agents = Object.entries(members).map(([id, { roles = ['draft'] as const, prefers, pinned = null }]) => ({
    id,
    model: pinned,
    persona: persona(id, {
      roles: [...roles],
      models: prefers === undefined ? [] : [prefers].flat(),
    }),
  }))
  return new FoldDriver(spec({ prompt: TASK, agents })).gathered(SMALL, BIG)
}

function opened(run: FoldDriver): string[] {
  return run.events.flatMap((event) => (event.type === 'debate.opened' ? [event.kind] : []))
}

/** The agents at work, each with its phase and the models it may use. */
function asked(run: FoldDriver): unknown[] {
  return run.fold.openEffects().map(({ path }) => {
    const agent = path.split('/')[1] ?? ''
    const { phase, models } = run.requestOf(agent)
    return [agent, phase, models]
  })
}

describe('one more candidate', () => {
  test('comes from the model that only wrote tests, when it has written no program', () => {
    const run = team({ coder: { prefers: 'small' }, tester: { roles: ['write_tests'] } })
    expect(run.requestOf('tester').models[0]).toBe('mock/big')
    run.answered('coder').answered('tester', 'assert add(2, 2) == 4')
    run.gated({ 'coder.1': 'one' }, 'add').executed({ 'coder.1': sum })
    expect(opened(run)).toEqual(['another-model'])
    expect(asked(run)).toEqual([['coder', 'draft', ['mock/big']]])
  })

  test('comes from the model that only said which result is right', () => {
    const run = team({ a: { prefers: 'small' }, b: { prefers: 'small' }, umpire: { roles: ['judge'] } })
    run.answered('a').answered('b')
    const judged = (): FoldDriver => run.gated({ 'a.1': 'one', 'b.1': 'two' }, 'add').executed({ 'a.1': sum, 'b.1': product })
    judged()
    expect(asked(run)).toEqual([['umpire', 'arbitrate', ['mock/big', 'mock/small']]])
    run.answered('umpire', 'I cannot say.')
    judged()
    expect(opened(run)).toEqual(['distinguish', 'another-model'])
    expect(asked(run)).toEqual([['a', 'draft', ['mock/big']]])
  })

  test('comes from any agent where none has the role of drafting, as the first ones did', () => {
    const run = team({ critic: { roles: ['critique'], prefers: 'small' } })
    run.answered('critic').gated({ 'critic.1': 'one' }, 'add').executed({ 'critic.1': sum })
    expect(asked(run)).toEqual([['critic', 'draft', ['mock/big']]])
  })

  test('comes from that model also after it has failed, and from no other', () => {
    const run = team({ coder: { prefers: ['small', 'big'] } })
    run.answered('coder').gated({ 'coder.1': 'one' }, 'add').executed({ 'coder.1': sum })
    run.failed('coder').wait(60_000)
    expect(asked(run)).toEqual([['coder', 'draft', ['mock/big']]])
    run.failed('coder').wait(60_000).answered('coder')
    expect(run.fold.context?.agents['coder']?.answers.map(({ answer }) => answer.model)).toEqual(['mock/small', 'mock/big'])
  })

  test('is asked of a model that failed in the first round, and the reason does not say that it was never asked', () => {
    const run = team({ coder: { prefers: ['big', 'small'] } })
    expect(run.requestOf('coder').models[0]).toBe('mock/big')
    run.failed('coder').wait(60_000).answered('coder')
    run.gated({ 'coder.1': 'one' }, 'add').executed({ 'coder.1': sum })
    expect(asked(run)).toEqual([['coder', 'draft', ['mock/big']]])
    expect(run.eventsOf('debate.opened')).toMatchObject([{ kind: 'another-model', why: 'mock/big has written no program yet' }])
  })

  test('is not asked for where every model has written a program', () => {
    const run = team({ a: { prefers: 'small' }, b: { prefers: 'big' } })
      .answered('a')
      .answered('b', 'no')
    run.gated({ 'a.1': 'one' }, 'add').executed({ 'a.1': sum })
    expect(opened(run)).toEqual([])
  })
})

describe('the question which result is right', () => {
  const differ = (run: FoldDriver, ids: readonly [string, string]): FoldDriver => {
    const [a, b] = ids
    run.answered(a).answered(b)
    if (run.hasOpen('run/t')) run.answered('t', 'assert add(1, 2) == 3')
    return run.gated({ [`${a}.1`]: 'one', [`${b}.1`]: 'two' }, 'add').executed({ [`${a}.1`]: sum, [`${b}.1`]: product })
  }

  test('goes to the strongest model in the run, not to a judge on a small one', () => {
    const run = differ(team({ a: { roles: ['draft', 'judge'], pinned: 'small' }, b: { pinned: 'big' } }), ['a', 'b'])
    expect(asked(run)).toEqual([['b', 'arbitrate', ['mock/big']]])
  })

  test('goes to the next strongest model when the strongest fails', () => {
    const run = differ(team({ a: {}, b: {} }), ['a', 'b'])
    const [[agent = ''] = []] = asked(run) as string[][]
    expect(run.requestOf(agent).models).toEqual(['mock/big', 'mock/small'])
    run.failed(agent).wait(60_000)
    expect(asked(run)).toEqual([[agent, 'arbitrate', ['mock/small', 'mock/big']]])
  })

  test('goes to a judge, then to a test writer, among agents whose models are as strong', () => {
    const tests = { roles: ['write_tests'] } as const
    const who = (more: Readonly<Record<string, Member>>): unknown =>
      asked(differ(team({ a: {}, b: {}, ...more }), ['a', 'b'])).map((each) => (each as string[])[0])
    expect(who({ t: tests, z: { roles: ['judge'] } })).toEqual(['z'])
    expect(who({ t: tests, z: { roles: ['critique'] } })).toEqual(['t'])
    expect(who({})).toEqual(['a'])
  })

  test('is answered about its call alone: what the arbiter says of others is not taken', () => {
    const run = differ(team({ a: { pinned: 'small' }, b: { pinned: 'big' } }), ['a', 'b'])
    const opened = run.events.findLast((event) => event.type === 'debate.opened')
    const call = /differ on (add\([^)]*\))/.exec(opened?.type === 'debate.opened' ? opened.why : '')?.[1] ?? ''
    run.answered('b', `\`\`\`python\nassert ${call} == 77\nassert add(500, 600) == 78\n\`\`\``)
    run.gated({ 'a.1': 'one', 'b.1': 'two' }, 'add')
    const plan = run.fold.context?.plan
    expect(plan?.assertions.map(({ writer, source }) => [writer, source])).toEqual([['b/arbitrate', `${call} == 77`]])
    expect(plan?.rejected.map(({ writer, source }) => [writer, source])).toEqual([['b/arbitrate', 'add(500, 600) == 78']])
  })
})

test('the reason does not say that answers behave alike where none but the winner does', () => {
  const reason = (b: typeof sum): string => {
    const run = team({ a: {}, b: {} }).answered('a').answered('b')
    run.gated({ 'a.1': 'one', 'b.1': 'two' }, 'add').executed({ 'a.1': sum, 'b.1': b })
    return run.fold.context?.judgement?.verdict.reason ?? ''
  }
  expect([reason(sum), reason(product)]).toEqual([
    '1 of 1 example, no assertion, 2 of 2 answers behave alike',
    '1 of 1 example, no assertion, no other of 2 answers behaves like it',
  ])
})

describe('a repair', () => {
  test('is asked for each behaviour that fails, of one author too, and both answers join the pool under names of their own', () => {
    const run = team({ coder: {} }).answered('coder')
    run.gated({ 'coder.0': 'one', 'coder.1': 'two' }, 'add').executed({ 'coder.0': () => 0, 'coder.1': () => 7 })
    const seen: string[] = []
    for (let turn = 0; turn < 2; turn += 1) {
      const parts = run.requestOf('coder').prompt.at(-1)?.parts
      seen.push(
        parts
          ?.find(({ source }) => source === 'failing')
          ?.text.split('actual:')[1]
          ?.trim() ?? '',
      )
      run.answered('coder')
    }
    expect(seen.toSorted()).toEqual(['0', '7'])
    expect((run.openOf('run').input as GateRequest).answers.map(({ id }) => id)).toEqual(['coder.1', 'coder.2', 'coder.2-2'])
  })

  test('is asked once for programs that behave alike', () => {
    const run = team({ a: {}, b: {} }).answered('a').answered('b')
    run.gated({ 'a.1': 'one', 'b.1': 'two' }, 'add').executed({ 'a.1': () => 0, 'b.1': () => 0 })
    expect(asked(run).map((each) => (each as string[]).slice(0, 2))).toEqual([['a', 'repair']])
  })

  test('is done by another drafting agent when the author has left', () => {
    const run = team({ a: {}, b: {}, c: {} }).answered('a').answered('b').failed('c', { retryable: false })
    run.gated({ 'a.1': 'one', 'c.1': 'two' }, 'add').executed({ 'a.1': () => 0, 'c.1': () => 7 })
    expect(asked(run).map((each) => (each as string[]).slice(0, 2))).toEqual([
      ['a', 'repair'],
      ['b', 'repair'],
    ])
  })
})

describe('an agent that leaves in a round after a judgement, so that too few stand', () => {
  const WRONG = () => 0
  const pair = (more: Partial<RunSpecInput> = {}): FoldDriver => {
    const run = new FoldDriver(spec({ prompt: TASK, ids: ['a', 'b'], ...more })).gathered(SMALL)
    return run.answered('a').answered('b')
  }
  const leave = (run: FoldDriver, agent: string): FoldDriver => run.failed(agent, { retryable: false })
  const end = (run: FoldDriver): unknown => {
    const [event] = run.eventsOf('run.completed')
    return event?.type === 'run.completed' ? [event.outcome, event.stopReason, event.winner, event.detail] : null
  }

  /** Both programs are wrong, differently, and both authors are asked for a repair. */
  const repairing = (more: Partial<RunSpecInput> = {}): FoldDriver => {
    const run = pair(more)
    run.gated({ 'a.1': 'one', 'b.1': 'two' }, 'add').executed({ 'a.1': WRONG, 'b.1': () => 7 })
    expect(asked(run)).toEqual([
      ['a', 'repair', ['mock/small']],
      ['b', 'repair', ['mock/small']],
    ])
    return run
  }
  const gated = (run: FoldDriver): string[] => (run.openOf('run').input as GateRequest).answers.map(({ id }) => id)

  test.each([
    ['before', ['leave a', 'answer b']],
    ['after', ['answer b', 'leave a']],
  ])('%s the other has answered: its repair is judged with the rest, and the run ends by that', (_when, steps) => {
    const run = repairing()
    for (const step of steps) step === 'leave a' ? leave(run, 'a') : run.answered('b')
    expect(gated(run)).toEqual(['a.1', 'b.1', 'b.2'])
    run.gated({ 'a.1': 'one', 'b.1': 'two', 'b.2': 'three' }, 'add').executed({ 'a.1': WRONG, 'b.1': () => 7, 'b.2': sum })
    const why = '1 of 1 example, no assertion, no other of 3 answers behaves like it; 1 of 2 agents stand, 2 are needed'
    expect(end(run)).toEqual(['completed', 'agreed', 'b.2', why])
  })

  test('both of them: what was judged before is judged again, and no program is called a solution', () => {
    const run = leave(leave(repairing(), 'a'), 'b')
    expect(gated(run)).toEqual(['a.1', 'b.1'])
    run.gated({ 'a.1': 'one', 'b.1': 'two' }, 'add').executed({ 'a.1': WRONG, 'b.1': () => 7 })
    expect(end(run)).toMatchObject(['noConsensus', 'not-solved', null, expect.stringContaining('0 of 2 agents stand')])
  })

  test('and who was to say which result is right: the programs there are decide', () => {
    const run = pair().gated({ 'a.1': 'one', 'b.1': 'two' }, 'add').executed({ 'a.1': sum, 'b.1': product })
    expect([run.state, asked(run)]).toEqual([{ debating: 'open' }, [['a', 'arbitrate', ['mock/small']]]])
    leave(run, 'a').gated({ 'a.1': 'one', 'b.1': 'two' }, 'add').executed({ 'a.1': sum, 'b.1': product })
    expect(end(run)).toMatchObject(['completed', 'agreed', 'a.1', expect.stringContaining('1 of 2 agents stand')])
  })

  test('and who was alone, asked for one more candidate: the verified program it wrote before wins', () => {
    const run = team({ coder: { prefers: 'small' } }).answered('coder')
    run.gated({ 'coder.1': 'one' }, 'add').executed({ 'coder.1': sum })
    expect([run.state, opened(run)]).toEqual([{ debating: 'open' }, ['another-model']])
    leave(run, 'coder').gated({ 'coder.1': 'one' }, 'add').executed({ 'coder.1': sum })
    expect(end(run)).toMatchObject(['completed', 'agreed', 'coder.1', expect.stringContaining('0 of 1 agents stand')])
    expect(run.eventsOf('verdict.reached')).toMatchObject([{ verdict: { grade: 'verified' } }])
  })

  test('with loops and rounds left: none is held', () => {
    const open = (rounds: number, leaves: boolean): string[] => {
      const run = repairing({ rounds })
      leaves ? leave(run, 'a') : run.answered('a')
      const behave = { 'a.1': WRONG, 'b.1': () => 7, 'b.2': () => 9 }
      run.answered('b').gated({ 'a.1': 'one', 'b.1': 'two', 'b.2': 'three' }, 'add').executed(behave)
      expect(run.outcome?.stopReason).toBe(leaves ? 'not-solved' : undefined)
      return opened(run)
    }
    expect([open(1, false), open(1, true), open(3, true)]).toEqual([['repair', 'repair'], ['repair'], ['repair']])
  })

  test('in the last loop: it ends as any run whose loops are used up', () => {
    const run = repairing().answered('a').answered('b')
    const programs = { 'a.1': 'one', 'b.1': 'two', 'b.2': 'three' }
    const behave = { 'a.1': WRONG, 'b.1': () => 7, 'b.2': () => 9 }
    run.gated(programs, 'add').executed(behave)
    expect(run.fold.context?.escalations).toBe(2)
    leave(run, 'b')
    run.gated(programs, 'add').executed(behave)
    expect(end(run)).toMatchObject(['noConsensus', 'not-solved', null, expect.stringContaining('1 of 2 agents stand')])
  })

  test.each(['repairing', 'debating'])('while the other spends the budget of tokens, %s: that is why it ends', (state) => {
    const limits = { budgetTokens: 450 }
    const first = { 'a.1': 'one', 'b.1': 'two' }
    const run =
      state === 'repairing'
        ? repairing({ limits })
        : pair({ limits, rounds: 2 }).gated(first, 'add').executed({ 'a.1': sum, 'b.1': sum })
    expect(run.state).toEqual({ [state]: 'open' })
    leave(run, 'a')
      .answered('b')
      .gated({ ...first, 'b.2': 'three' }, 'add')
      .executed({ 'a.1': sum, 'b.1': sum, 'b.2': sum })
    expect(end(run)).toEqual(['budgetExhausted', 'token-budget', 'a.1', '450 of 450 tokens are spent'])
  })

  test('is the end of a classic run, which has judged nothing yet', () => {
    const run = pair({ protocol: 'classic' })
    leave(run, 'a')
    expect(run.state).toBe('failed')
    expect(end(run)).toEqual(['failed', 'quorum-lost', null, '1 of 2 agents stand, 2 are needed'])
  })
})
