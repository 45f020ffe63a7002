import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type ArtifactTools, createArtifactTools } from '../../src/app/artifact-tools.ts'
import { type RunHandle, type RunResult, startRun } from '../../src/app/start-run.ts'
import { type ArtifactConductor, writeArtifacts } from '../../src/app/write-artifacts.ts'
import { createMock, type MockOptions, type MockScript } from '../../src/backends/mock.ts'
import { BUILT_IN_CONFIG, type Config } from '../../src/domain/config.ts'
import type { RunEvent } from '../../src/domain/event.ts'
import type { RunSpec } from '../../src/domain/run-spec.ts'
import type { CallOutcome, TypedValue } from '../../src/domain/value.ts'
import type { ExecuteRequest, ExecuteResult } from '../../src/machines/effects.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { createRunId, RUN_ID_RANDOM_BYTES } from '../../src/store/run-id.ts'
import { createSimulatedClock, type SimulatedClock } from '../../src/system/simulated-clock.ts'
import { persona, spec, testServices } from '../support/test-services.ts'

/** The task of these tests; its two examples tell a sum from a difference. */
const PROMPT = 'Write add(a, b) in Python. add(1, 2) == 3\nadd(0, 5) == 5'

/** An answer with one fenced program. */
export function program(body: string, more = ''): string {
  return `Here it is.\n\n\`\`\`python\ndef add(a, b):\n    return ${body}\n${more}\`\`\`\n`
}

export const NO_HARDWARE = {
  gpu_name: null,
  vram_gb: null,
  driver: null,
  cuda_version: null,
  cpu_model: 'test',
  ram_gb: 1,
}

/** Drafting agents, three unless named, and one that writes tests. */
export function addSpec(ids: readonly string[] = ['architect', 'bug_hunter', 'coder']): RunSpec {
  const agents = ids.map((id) => ({ id, persona: persona(id) }))
  const tester = { id: 'tester', persona: persona('tester', { roles: ['write_tests'] }) }
  return spec({ prompt: PROMPT, agents: [...agents, tester] })
}

/** What agents say in the tests, by agent. */
export type Said = Readonly<Record<string, string | MockScript>>

export const SAID: Said = {
  architect: program('a + b'),
  bug_hunter: program('a - b'),
  coder: program('b + a'),
  tester: 'assert add(2, 2) == 4\nassert add(-1, 1) == 0\nassert other(1) == 1\n',
}

/** Evaluates the programs of these tests as a sandbox would run them: no code is executed. */
function evaluate(
  { candidates, calls }: ExecuteRequest,
  isolation: 'full' | 'partial' = 'full',
  selfTest: ExecuteResult['selfTest'] | null = { attacks: 12, escaped: 0 },
): ExecuteResult {
  const number = (value: TypedValue | undefined): number => (value?.t === 'int' ? Number(value.v) : Number.NaN)
  const rows = candidates.map(({ id, program }) => ({
    candidate: id,
    load: program.includes('boom')
      ? { kind: 'failed' as const, error: 'NameError', message: 'boom' }
      : { kind: 'loaded' as const },
    outcomes: program.includes('boom')
      ? []
      : calls.map(({ args }): CallOutcome => {
          const [a, b] = [number(args[0]), number(args[1])]
          const value = program.includes('a - b') ? a - b : a + b
          return Number.isNaN(value)
            ? { kind: 'not-run', reason: 'not a number' }
            : { kind: 'value', value: { t: 'int', v: String(value) } }
        }),
  }))
  return { rows, driver: 'bwrap', isolation, policyHash: 'p0licy', why: '', ...(selfTest === null ? {} : { selfTest }) }
}

export interface ArtifactRun {
  readonly result: RunResult
  readonly folder: string
  readonly files: readonly string[]
  readonly conductor: ArtifactConductor
  read(name: string): string
  json<T>(name: string): T
  /** Every file in the folder. */
  listed(): readonly string[]
}

export interface ArtifactRunOptions {
  readonly said?: Said
  readonly spec?: RunSpec
  readonly config?: Partial<Config>
  readonly isExecuted?: boolean
  /** Of the sandbox; default `full`. */
  readonly isolation?: 'full' | 'partial'
  /** What the sandbox's self-test counted; null = it does not say. */
  readonly selfTest?: ExecuteResult['selfTest'] | null
  readonly mock?: MockOptions
  /** Does something to the run while it goes. */
  readonly during?: (handle: RunHandle, clock: SimulatedClock) => Promise<void>
}

/** Lets each answer take its time: 120 ms to the first text and 80 more. */
export async function passTime(
  handle: RunHandle,
  clock: SimulatedClock,
  onEvent: (event: RunEvent) => unknown = () => {},
): Promise<void> {
  let grantedAt = -1
  for await (const event of handle) {
    onEvent(event)
    // Turns granted together go on together.
    if (event.type !== 'turn.granted' || event.t === grantedAt) continue
    grantedAt = event.t
    await clock.advanceAsync(200)
  }
}

/** Schemas and grammars are loaded once for all tests of a file. */
const PRODUCT_TOOLS = createArtifactTools()

/** The product's schemas and parser, no look at this machine, and files that are not synced to disk. */
export function testTools(): ArtifactTools {
  const openFolder: ArtifactTools['openFolder'] = (folder) => ({
    write: async (name, content) => {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), content)
    },
  })
  return { ...PRODUCT_TOOLS, readHardware: async () => NO_HARDWARE, openFolder }
}

/** Says `text` after 120 ms, ends 80 ms later, and counts tokens that depend on nothing else. */
function slowly(text: string): MockScript {
  return [
    { do: 'wait', ms: 120 },
    { do: 'text', text },
    { do: 'wait', ms: 80 },
    { do: 'usage', usage: { inputTokens: 100, outputTokens: 20 } },
  ]
}

/** Runs of this test file so far: run ids must differ, and be the same every time. */
let runs = 0

/** Runs a debate over the mock backend and writes its files to disk, with the real schemas. */
export async function runWithArtifacts(root: string, options: ArtifactRunOptions = {}): Promise<ArtifactRun> {
  const said = { ...SAID, ...options.said }
  const script = (request: { readonly requestId: string }): MockScript | null => {
    const text = said[/^run\/(\w+)#/.exec(request.requestId)?.[1] ?? '']
    return text === undefined ? null : typeof text === 'string' ? slowly(text) : text
  }
  const clock = createSimulatedClock()
  const backends = [
    createMock({ clock, models: [{ name: 'mock', quantization: 'Q4_K_M', contextTokens: 4096 }], script, ...options.mock }),
  ]
  const store = { ...createMemoryStore(), folderOf: (runId: string) => join(root, 'runs', runId) }
  const services = testServices({
    clock,
    store,
    backends,
    executors:
      options.isExecuted === false
        ? {}
        : { execute: (effect, sink) => sink.ok(evaluate(effect.input as ExecuteRequest, options.isolation, options.selfTest)) },
  })
  const runId = createRunId(services.clock.wallMs(), new Uint8Array(RUN_ID_RANDOM_BYTES).fill(runs))
  runs += 1
  const handle = await startRun(options.spec ?? addSpec(), { ...services, createRunId: () => runId })
  await (options.during ?? passTime)(handle, clock)
  const result = await handle.result
  const config = { ...BUILT_IN_CONFIG, artifactsDir: root, ...options.config }
  const conductor: ArtifactConductor = { ...services, store, config, backends, artifactsDir: root }
  const tools = testTools()
  const { folder, files } = await writeArtifacts(conductor, result, tools)
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return {
    ...{ result, folder, files, conductor, read },
    json: (name) => JSON.parse(read(name)),
    listed: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .sort(),
  }
}

/** A folder that lasts as long as a test file. */
export function createRoot(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'artifacts-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
