import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRunRuntime, type RunRuntime } from '../../src/actors/effect-actor.ts'
import { compose } from '../../src/app/compose.ts'
import { expectReplay } from '../../src/app/expect-replay.ts'
import { forkRun } from '../../src/app/fork-run.ts'
import { replayRecords } from '../../src/app/replay-run.ts'
import { resumeRun } from '../../src/app/resume-run.ts'
import { storyOf } from '../../src/app/run-effects.ts'
import { startRun } from '../../src/app/start-run.ts'
import { createMock } from '../../src/backends/mock.ts'
import { execute as resume } from '../../src/cli/commands/resume.ts'
import { loadPersonas } from '../../src/config/load-personas.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import type { Output } from '../../src/domain/record.ts'
import { parseRunSpec } from '../../src/domain/run-spec.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { cliWorld } from '../cli/cli-world.ts'
import { recordsOf, spec, testServices } from '../support/test-services.ts'

const CLASSIC = spec({ ids: ['architect', 'coder'], protocol: 'classic', rounds: 1 })

/** The machines as a later release might have them: proposals are judged at once. */
function changedRuntime(): RunRuntime {
  const runtime = createRunRuntime()
  return { ...runtime, machine: runtime.machine.provide({ guards: { isClassic: () => false } }) as RunRuntime['machine'] }
}

/** A run of two agents that was interrupted while its last answers were awaited. */
async function interruptedRun() {
  const services = testServices({
    mock: { script: (request) => (request.requestId.endsWith('#3') ? [{ do: 'hang' }] : null) },
  })
  const handle = await startRun(CLASSIC, services)
  for await (const event of handle) if (event.type === 'turn.granted' && event.turn.endsWith('#3')) handle.interrupt('test')
  await handle.result
  return { services, runId: handle.runId, records: await recordsOf(services, handle.runId) }
}

test('a machine that changed between record and replay is told at the first record it treats differently', async () => {
  const services = testServices()
  const { runId } = await (await startRun(CLASSIC, services)).result
  const records = await recordsOf(services, runId)
  const first = records.find(({ o = [] }) => o.some((output) => output[0] === 'R' && output[1] === 'run/architect#2'))
  const { divergence } = replayRecords(records, changedRuntime())
  expect(divergence).toMatchObject({ seq: first?.seq, kind: 'ok', effect: { id: 'run#2', name: 'gate' } })
  const asked = (outputs: readonly Output[]) => outputs.filter((output) => output[0] === 'R').map((output) => output[1])
  expect(asked(divergence?.recorded ?? [])).toEqual(['run/architect#2', 'run/coder#2'])
  expect(asked(divergence?.got ?? [])).toEqual(['run#2'])
  await expect(expectReplay(records)).resolves.toMatchObject({ divergence: null })
})

test('a run is not gone on with by machines that fold its log differently, and nobody holds it afterwards', async () => {
  const { services, runId, records } = await interruptedRun()
  const changed = { ...testServices({ store: services.store }), runtime: changedRuntime() }
  const error = await resumeRun(runId, changed).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'REPLAY_DIVERGED', details: { kind: 'ok' } })
  expect((error as Error).message).toMatch(/^record \d+ \(ok run\/\w+#1\)/)
  expect(await recordsOf(services, runId)).toEqual(records)
  const again = await (await resumeRun(runId, testServices({ store: services.store }))).result
  expect(again.context.agents['coder']?.answers).toHaveLength(3)
})

test('a fork that cannot be folded leaves no run behind', async () => {
  const { services, runId } = await interruptedRun()
  const changed = { ...testServices({ store: services.store }), runtime: changedRuntime(), createRunId: () => 'fork' }
  await expect(forkRun(runId, '12', {}, changed)).rejects.toMatchObject({ code: 'REPLAY_DIVERGED' })
  expect((await services.store.list()).map((listing) => listing.runId)).toEqual([runId])
})

test('a persona file that changed between record and resume changes nothing: the log has the persona', async () => {
  const root = mkdtempSync(join(tmpdir(), 'changed-persona-'))
  try {
    const file = join(root, 'coder.yaml')
    writeFileSync(file, 'id: coder\ntitle: Coder\nstyle: in short sentences\n')
    const [persona] = await loadPersonas(root)
    if (persona === undefined) throw new Error('the persona was not loaded')
    const config = { ...BUILT_IN_CONFIG, artifactsDir: join(root, 'artifacts') }
    const hanging = createMock({ script: () => [{ do: 'hang' }] })
    const conductor = await compose({ config, env: {}, cwd: root, backends: [hanging] })
    const handle = await startRun(parseRunSpec({ prompt: 'Write it.', agents: [{ id: 'coder', persona }] }), conductor)
    for await (const event of handle) if (event.type === 'turn.granted') handle.interrupt('test')
    await handle.result
    await conductor.close()

    writeFileSync(file, 'id: coder\ntitle: Poet\nstyle: in rhymes\n')
    const world = cliWorld({ cwd: root })
    const options = { backend: 'mock', out: 'artifacts', personas: root }
    expect(await resume(world.context, { args: ['last'], options })).toBe(0)

    const after = await compose({ config, env: {}, cwd: root, backends: [] })
    const { records } = await after.store.read(handle.runId)
    await after.close()
    const prompts = storyOf(records).effects.flatMap(({ name, prompt }) => (name === 'model' ? [prompt] : []))
    expect(prompts.length).toBeGreaterThan(0)
    for (const prompt of prompts) expect(prompt).toContain('You are the Coder: in short sentences')
    expect(replayRecords(records)).toMatchObject({ divergence: null, isDone: true })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

/** A clock on which both readings jump back an hour again and again, and timers run as ever. */
function jumpingClock(clock: Clock): Clock {
  let readings = 0
  const back = (): number => {
    readings += 1
    return Math.floor(readings / 5) * 3_600_000
  }
  return {
    now: () => clock.now() - back(),
    wallMs: () => clock.wallMs() - back(),
    setTimer: (fire, delayMs) => clock.setTimer(fire, delayMs),
    clearTimer: (handle) => clock.clearTimer(handle),
  }
}

test('on a clock that goes back, logical time does not, and the log replays', async () => {
  const clock = createSimulatedClock()
  const store = createMemoryStore()
  const services = { ...testServices({ store, clock: jumpingClock(clock) }), createRunId: () => 'jumping' }
  const result = await (await startRun(CLASSIC, services)).result
  const times = (await recordsOf(services, 'jumping')).map(({ t }) => t)
  expect(times).toEqual([...times].sort((a, b) => a - b))
  expect(times.every((t) => t >= 0)).toBe(true)
  expect(replayRecords(await recordsOf(services, 'jumping'))).toMatchObject({ divergence: null, digest: result.digest })
})

test('resumed on a machine whose clock is years behind, a run goes on at the time it had', async () => {
  const { services, runId, records } = await interruptedRun()
  const behind = createSimulatedClock()
  const past: Clock = {
    now: () => behind.now(),
    wallMs: () => 0,
    setTimer: (fire, delayMs) => behind.setTimer(fire, delayMs),
    clearTimer: (handle) => behind.clearTimer(handle),
  }
  const result = await (await resumeRun(runId, testServices({ store: services.store, clock: past }))).result
  const after = await recordsOf(services, runId)
  expect(after.slice(0, records.length)).toEqual(records)
  expect(after.map(({ t }) => t)).toEqual(after.map(({ t }) => t).sort((a, b) => a - b))
  expect(result.outcome).toBe('completed')
  expect(replayRecords(after).divergence).toBeNull()
})
