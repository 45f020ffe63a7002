import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRun } from '../src/app/start-run.ts'
import { createFileStore } from '../src/store/file-store.ts'
import { createSystemClock } from '../src/system/system-clock.ts'
import { createMemoryLogStore, debateServices, debateSpec, noopModel, PERSONAS, PHASES } from './runtime-debate.ts'

/**
 * One cell of the runtime bench, in a process of its own: `runtime-cell IMPLEMENTATION CONCURRENT WAVES`. Prints one JSON
 * line. Every implementation drives the same debate (3 personas, 6 phases with a barrier after each, 200 chunks a turn)
 * over the same model that answers at once.
 */
export interface CellResult {
  readonly debates: number
  readonly wallMs: number
  readonly cpuUsPerTurn: number
  readonly debatesPerSecond: number
  readonly rssMb: number
  readonly logKib: number
}

const TURNS = PERSONAS.length * PHASES

type Implementation = (index: number) => Promise<void>

async function rawImplementation(): Promise<Implementation> {
  return async () => {
    const transcript: string[] = []
    for (let phase = 0; phase < PHASES; phase += 1) {
      const texts = await Promise.all(
        PERSONAS.map(async () => {
          let text = ''
          for await (const chunk of noopModel()) text += chunk
          return text
        }),
      )
      transcript.push(...texts)
    }
  }
}

async function langGraphImplementation(): Promise<Implementation> {
  const { Annotation, END, START, StateGraph } = await import('@langchain/langgraph')
  const state = Annotation.Root({
    transcript: Annotation<string[]>({ reducer: (old, more) => old.concat(more), default: () => [] }),
  })
  const node = async (_state: typeof state.State, config: { writer?: (chunk: unknown) => void }) => {
    let text = ''
    for await (const chunk of noopModel()) {
      config.writer?.(chunk)
      text += chunk
    }
    return { transcript: [text] }
  }
  // The builder's types count each node by name; these are made in a loop.
  const graph = new StateGraph(state) as unknown as {
    addNode(name: string, run: typeof node): void
    addEdge(from: string | string[], to: string): void
    compile(): { stream(input: object, options: object): Promise<AsyncIterable<unknown>> }
  }
  const name = (phase: number, persona: string): string => `${persona}${phase}`
  for (let phase = 0; phase < PHASES; phase += 1) for (const persona of PERSONAS) graph.addNode(name(phase, persona), node)
  for (const persona of PERSONAS) graph.addEdge(START, name(0, persona))
  for (let phase = 1; phase < PHASES; phase += 1) {
    const before = PERSONAS.map((persona) => name(phase - 1, persona))
    for (const persona of PERSONAS) graph.addEdge(before, name(phase, persona))
  }
  for (const persona of PERSONAS) graph.addEdge(name(PHASES - 1, persona), END)
  const app = graph.compile()
  return async () => {
    for await (const _ of await app.stream({ transcript: [] }, { streamMode: 'custom', recursionLimit: 100 })) {
      // Each chunk reaches the consumer, as in the other implementations.
    }
  }
}

async function main(): Promise<void> {
  const [implementation = 'ours', concurrentText = '10', wavesText = '1'] = process.argv.slice(2)
  const concurrent = Number(concurrentText)
  const waves = Number(wavesText)
  const root = mkdtempSync(join(tmpdir(), 'codeconductor-bench-'))
  let close = async (): Promise<void> => {}
  let run: Implementation
  if (implementation === 'raw') run = await rawImplementation()
  else if (implementation === 'langgraph') run = await langGraphImplementation()
  else {
    const clock = createSystemClock()
    const store = implementation === 'ours-nolog' ? createMemoryLogStore() : createFileStore({ root, clock })
    const services = debateServices(store, clock)
    close = () => store.close()
    let received = 0
    run = async () => {
      const handle = await startRun(debateSpec(PHASES), services, { onToken: () => (received += 1) })
      const { stopReason } = await handle.result
      if (stopReason !== 'no-candidate') throw new Error(`a bench run ended with ${stopReason}`)
    }
  }
  for (let i = 0; i < 3; i += 1) await run(i)
  const before = process.cpuUsage()
  const startedMs = performance.now()
  for (let wave = 0; wave < waves; wave += 1) await Promise.all(Array.from({ length: concurrent }, (_, i) => run(i)))
  const wallMs = performance.now() - startedMs
  const cpu = process.cpuUsage(before)
  const rssMb = process.resourceUsage().maxRSS / 1024
  await close()
  const debates = concurrent * waves
  const result: CellResult = {
    debates,
    wallMs,
    cpuUsPerTurn: (cpu.user + cpu.system) / (debates * TURNS),
    debatesPerSecond: (debates / wallMs) * 1000,
    rssMb,
    logKib: logKib(root, debates + 3),
  }
  rmSync(root, { recursive: true, force: true })
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

function logKib(root: string, debates: number): number {
  let bytes = 0
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && /^log/.test(entry.name)) bytes += statSync(join(entry.parentPath, entry.name)).size
  }
  return bytes / 1024 / debates
}

await main()
