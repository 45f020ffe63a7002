import { describe, expect, test } from 'vitest'
import { FoldDriver, model } from '../support/fold-driver.ts'
import { persona, spec } from '../support/test-services.ts'

const WORKS = 'def add(a, b):\n    return a + b\n'

describe('the supervisor', () => {
  test('asks every drafting agent at once, blind, and ends with a winner', () => {
    const run = new FoldDriver(spec()).gathered()
    const prompts = ['architect', 'coder', 'bug_hunter'].map((agent) =>
      run
        .requestOf(agent)
        .prompt.at(-1)
        ?.parts.map((part) => part.source),
    )
    expect(prompts).toEqual([
      ['task', 'boundary', 'persona:architect'],
      ['task', 'boundary', 'persona:coder'],
      ['task', 'boundary', 'persona:bug_hunter'],
    ])
    run.answered('architect').answered('coder').answered('bug_hunter').gated({ 'coder.1': WORKS, 'architect.1': WORKS })
    expect(run.outcome).toEqual({ outcome: 'completed', stopReason: 'ranked-unverified' })
  })

  test('a persona that times out is dropped and the debate goes on', () => {
    const run = new FoldDriver(spec({ limits: { turnTimeoutSeconds: 60 } })).gathered().answered('architect').answered('coder')
    run.input({ k: 'grant', id: run.openOf('run/bug_hunter').id, d: { model: 'mock/m', queuedMs: 0 } })
    run.wait(60_000)
    expect({ state: run.state, standing: run.standing }).toEqual({
      state: { judging: 'gating' },
      standing: ['architect', 'coder'],
    })
    expect(run.eventsOf('agent.abstained')).toMatchObject([{ agent: 'bug_hunter', code: 'timeout-turn' }])
  })

  test('waiting for a slot does not count against the time of a turn', () => {
    const run = new FoldDriver(spec({ limits: { turnTimeoutSeconds: 60 } })).gathered().wait(3_000_000)
    expect(run.standing).toEqual(['architect', 'coder', 'bug_hunter'])
  })

  test('a transport failure restarts the agent after a back-off, on its next model', () => {
    const run = new FoldDriver(spec({ ids: ['coder'] })).gathered(model('one'), model('two')).failed('coder')
    expect(run.hasOpen('run/coder')).toBe(false)
    run.wait(500)
    expect({
      models: run.requestOf('coder').models,
      attempt: run.requestOf('coder').attempt,
      id: run.openOf('run/coder').id,
    }).toEqual({
      models: ['mock/two', 'mock/one'],
      attempt: 2,
      id: 'run/coder#2',
    })
  })

  test('an agent that fails more often than its restart intensity allows abstains', () => {
    const run = new FoldDriver(spec({ ids: ['coder'] })).gathered()
    for (let i = 0; i < 4; i += 1) run.failed('coder').wait(10_000)
    expect(run.outcome).toEqual({ outcome: 'failed', stopReason: 'quorum-lost' })
    expect(run.eventsOf('turn.failed').map((event) => event.type === 'turn.failed' && event.retryInMs)).toEqual([
      500,
      1000,
      2000,
      null,
    ])
  })

  test('a failure that another attempt cannot help is not tried again', () => {
    const run = new FoldDriver(spec()).gathered().failed('coder', { code: 'context-overflow', retryable: false })
    expect(run.standing).toEqual(['architect', 'bug_hunter'])
  })

  test('a persona whose own code throws is stopped, never restarted, and the others go on', () => {
    const broken = persona('coder')
    Object.defineProperty(broken, 'rules', {
      get: () => {
        throw new Error('a bug in a persona')
      },
    })
    const base = spec()
    const run = new FoldDriver({
      ...base,
      agents: base.agents.map((agent) => (agent.id === 'coder' ? { ...agent, persona: broken } : agent)),
    }).gathered()
    expect(run.eventsOf('agent.abstained')).toMatchObject([
      { agent: 'coder', code: 'PERSONA_DEFECT', reason: 'a bug in a persona' },
    ])
    run.answered('architect').answered('bug_hunter').gated({ 'architect.1': WORKS })
    expect(run.outcome?.outcome).toBe('completed')
  })

  test('below the quorum the run fails and what is in flight is cancelled', () => {
    const run = new FoldDriver(spec()).gathered()
    run.failed('coder', { retryable: false })
    const step = (() => {
      run.failed('architect', { retryable: false })
      return run.steps.at(-1)
    })()
    expect(run.outcome).toEqual({ outcome: 'failed', stopReason: 'quorum-lost' })
    expect(step?.cancelled).toEqual(['run/bug_hunter#1'])
  })

  test('no model that fits ends the run before any turn', () => {
    const base = spec({ ids: ['coder'] })
    const run = new FoldDriver({
      ...base,
      agents: base.agents.map((agent) => ({ ...agent, model: 'nothing-like-it' })),
    }).gathered()
    expect(run.outcome).toEqual({ outcome: 'failed', stopReason: 'no-model' })
  })

  test('an answer cut at the budget of tokens ends the round, and what was said is still judged', () => {
    const run = new FoldDriver(spec({ limits: { budgetTokens: 140 } })).gathered().answered('architect')
    expect({ state: run.state, open: run.fold.openEffects().map((open) => open.id) }).toEqual({
      state: { judging: 'gating' },
      open: ['run#2'],
    })
    run.gated({ 'architect.1': WORKS })
    expect(run.outcome).toEqual({ outcome: 'budgetExhausted', stopReason: 'token-budget' })
  })

  test('the budget of seconds ends a round that nobody has answered', () => {
    const run = new FoldDriver(spec({ limits: { budgetSeconds: 30 } })).gathered().wait(30_000)
    expect(run.outcome).toEqual({ outcome: 'budgetExhausted', stopReason: 'time-budget' })
  })

  test('cancelling ends the run from any state, with every request given up', () => {
    const run = new FoldDriver(spec()).gathered().answered('coder').cancelled()
    expect(run.outcome).toEqual({ outcome: 'cancelled', stopReason: 'cancelled-by-user' })
    expect(run.fold.openEffects()).toEqual([])
  })

  test('a server that fails to gather models fails the run with its reason', () => {
    const run = new FoldDriver(spec())
    run.input({ k: 'err', id: run.openOf('run').id, d: { code: 'unreachable', message: 'refused', retryable: true } })
    expect(run.outcome).toEqual({ outcome: 'failed', stopReason: 'no-model' })
  })

  test('a run without a program is repaired once and then ends without consensus', () => {
    const run = new FoldDriver(spec({ ids: ['architect', 'coder'] }))
      .gathered()
      .answered('architect', 'no')
      .answered('coder', 'no')
      .gated({})
    expect(run.eventsOf('debate.opened')).toMatchObject([{ kind: 'repair', why: 'no answer holds a program' }])
    run.answered('architect', 'no').answered('coder', 'no').gated({})
    expect(run.outcome).toEqual({ outcome: 'noConsensus', stopReason: 'no-candidate' })
  })

  test('two rounds asked for are two rounds held, and the second shows programs without names', () => {
    const run = new FoldDriver(spec({ ids: ['architect', 'coder'], rounds: 2 }))
      .gathered()
      .answered('architect')
      .answered('coder')
    run.gated({ 'architect.1': WORKS, 'coder.1': WORKS })
    const shown =
      run
        .requestOf('architect')
        .prompt.at(-1)
        ?.parts.find((part) => part.source === 'programs')?.text ?? ''
    expect(shown).toContain('# Program 1')
    expect(shown).not.toContain('coder')
    run.answered('architect').answered('coder').gated({ 'architect.1': WORKS })
    expect(run.outcome?.outcome).toBe('completed')
  })

  test('the classic protocol proposes, rebuts as often as asked, finalizes, and everyone reads everything', () => {
    const run = new FoldDriver(spec({ ids: ['architect', 'coder'], protocol: 'classic', rounds: 2 })).gathered()
    const phases: string[] = []
    for (let i = 0; i < 4; i += 1) {
      phases.push(run.requestOf('coder').phase)
      run.answered('architect', `architect says ${i}`).answered('coder', `coder says ${i}`)
    }
    expect(phases).toEqual(['propose', 'rebut', 'rebut', 'finalize'])
    expect(run.state).toEqual({ judging: 'gating' })
    const gate = run.openOf('run').input as { answers: { text: string }[] }
    expect(gate.answers.map((answer) => answer.text)).toEqual(['architect says 3', 'coder says 3'])
  })

  test('what an agent reads does not depend on who answered first', () => {
    const read = (order: readonly string[]): unknown => {
      const run = new FoldDriver(spec({ protocol: 'classic' })).gathered()
      for (const agent of order) run.answered(agent, `${agent} speaks`)
      return run.requestOf('coder').prompt
    }
    expect(read(['coder', 'bug_hunter', 'architect'])).toEqual(read(['architect', 'coder', 'bug_hunter']))
  })

  test('one agent that only writes tests does so blind, beside the drafts, and its text never becomes a candidate', () => {
    const base = spec({ ids: ['coder', 'tester'] })
    const agents = base.agents.map((agent) =>
      agent.id === 'tester' ? { ...agent, persona: persona('tester', { roles: ['write_tests'] }) } : agent,
    )
    const run = new FoldDriver({ ...base, agents }).gathered()
    expect([run.requestOf('coder').phase, run.requestOf('tester').phase]).toEqual(['draft', 'write_tests'])
    run.answered('tester', 'assert add(1, 2) == 3').answered('coder', WORKS)
    const gate = run.openOf('run').input as { answers: { agent: string }[] }
    expect(gate.answers.map((answer) => answer.agent)).toEqual(['coder'])
  })

  test('an agent that drafts and writes tests does one after the other', () => {
    const base = spec({ ids: ['architect', 'coder'] })
    const agents = base.agents.map((agent) =>
      agent.id === 'coder' ? { ...agent, persona: persona('coder', { roles: ['draft', 'write_tests'] }) } : agent,
    )
    const run = new FoldDriver({ ...base, agents }).gathered().answered('coder').answered('architect')
    expect(run.requestOf('coder').phase).toBe('write_tests')
    run.answered('coder', 'assert add(1, 2) == 3')
    expect(run.state).toEqual({ judging: 'gating' })
  })

  test('a fork that gives an agent another model gives it that for the turn that is open too, asked and asked again', () => {
    const agents = [
      { id: 'coder', persona: persona('coder') },
      { id: 'tester', persona: persona('tester', { roles: ['write_tests'] }) },
    ]
    const run = new FoldDriver(spec({ agents })).gathered(model('small-1b'), model('big-70b'))
    expect(run.requestOf('tester').models).toEqual(['mock/big-70b', 'mock/small-1b'])
    run.fold.apply({ k: 'override', t: 0, d: { models: { tester: 'small-1b' } } })
    expect(run.requestOf('tester').models).toEqual(['mock/small-1b'])
    run.failed('tester').wait(500)
    expect([run.requestOf('tester').models, run.requestOf('coder').models]).toEqual([
      ['mock/small-1b'],
      ['mock/small-1b', 'mock/big-70b'],
    ])
  })

  test('a late answer of an effect that was given up changes nothing', () => {
    const run = new FoldDriver(spec()).gathered()
    const { id } = run.openOf('run/coder')
    run.failed('coder', { retryable: false })
    const digest = run.fold.digest
    run.input({ k: 'ok', id, d: {} })
    expect(run.fold.digest).toBe(digest)
  })

  describe('with executions', () => {
    const TASK = 'Write add(a, b) in Python. add(1, 2) == 3'
    const sum = ([a = 0, b = 0]: readonly number[]): number => a + b
    const drafted = (ids: readonly string[]): FoldDriver => {
      const run = new FoldDriver(spec({ ids, prompt: TASK })).gathered()
      for (const id of ids) run.answered(id)
      return run
    }

    test('programs that pass the examples and agree settle the matter: verified, with no debate', () => {
      const run = drafted(['architect', 'coder'])
        .gated({ 'architect.1': 'one', 'coder.1': 'two' }, 'add')
        .executed({ 'architect.1': sum, 'coder.1': sum })
      expect(run.outcome).toEqual({ outcome: 'completed', stopReason: 'agreed' })
      expect(run.eventsOf('debate.opened')).toEqual([])
      expect(run.eventsOf('verdict.reached')).toMatchObject([{ verdict: { grade: 'verified', agent: 'architect' } }])
    })

    test('a failing example goes back to its author with the call, what was expected and what came', () => {
      const run = drafted(['coder'])
        .gated({ 'coder.1': 'wrong' }, 'add')
        .executed({ 'coder.1': () => 0 })
      const shown = run
        .requestOf('coder')
        .prompt.at(-1)
        ?.parts.find((part) => part.source === 'failing')?.text
      expect(shown).toBe('\n# A call that fails\nadd(1, 2)\nexpected: 3\nactual:   0\n')
      run
        .answered('coder')
        .gated({ 'coder.1': 'wrong', 'coder.2': 'right' }, 'add')
        .executed({ 'coder.1': () => 0, 'coder.2': sum })
      expect(run.outcome).toEqual({ outcome: 'completed', stopReason: 'agreed' })
      expect(run.eventsOf('verdict.reached')).toMatchObject([{ verdict: { winner: 'coder.2' } }])
    })

    test('a program that came back as it was is not sent back again, and the run says not solved', () => {
      const run = drafted(['coder'])
        .gated({ 'coder.1': 'wrong' }, 'add')
        .executed({ 'coder.1': () => 0 })
      run
        .answered('coder')
        .gated({ 'coder.1': 'wrong', 'coder.2': 'wrong' }, 'add')
        .executed({ 'coder.1': () => 0, 'coder.2': () => 0 })
      expect({ outcome: run.outcome, repairs: run.eventsOf('debate.opened').length }).toEqual({
        outcome: { outcome: 'noConsensus', stopReason: 'not-solved' },
        repairs: 1,
      })
    })

    test('where two behaviours lead, one agent is asked which result the task wants, without names', () => {
      const run = drafted(['architect', 'coder'])
      run
        .gated({ 'architect.1': 'one', 'coder.1': 'two' }, 'add')
        .executed({ 'architect.1': sum, 'coder.1': ([a = 0, b = 0]) => (a === 1 && b === 2 ? 3 : a * b) })
      expect(run.eventsOf('debate.opened')).toMatchObject([{ kind: 'distinguish' }])
      const asked = run.fold.openEffects().map(({ path }) => path.split('/')[1] ?? '')
      expect(asked).toHaveLength(1)
      const parts = run.requestOf(asked[0] ?? '').prompt.at(-1)?.parts
      expect(parts?.find((part) => part.source === 'choice')?.text).not.toMatch(/architect|coder/)
    })
  })
})
