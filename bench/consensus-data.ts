import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { normaliseCandidate } from '../src/consensus/normalise-candidate.ts'
import { extractCode } from '../src/prompts/extract-code.ts'

/** A recorded candidate program, normalised. Nothing here knows whether it is right. */
export interface RecordedCandidate {
  readonly id: string
  readonly model: string
  readonly agent: string
  readonly round: number
  readonly source: string
  /** As recorded: what methods that look at style see. */
  readonly text: string
  readonly program: string
}

/** A recorded task with its candidates and the assertions of each writer, as text. */
export interface RecordedTask {
  readonly id: string
  readonly entryPoint: string
  /** The text a user would give, its examples included. */
  readonly prompt: string
  /** The same without examples, where the recording has it. */
  readonly promptWithoutExamples: string | null
  readonly candidates: readonly RecordedCandidate[]
  readonly assertions: readonly { readonly writer: string; readonly text: string }[]
}

export type TaskChoice = 'even' | 'odd' | 'all'

interface Row {
  readonly task_id: string
  readonly entry_point: string
  readonly prompt: string
  readonly original_prompt?: string
  readonly solutions?: readonly { readonly id: string; readonly completion: string }[]
  readonly candidates?: readonly {
    readonly id: string
    readonly source: string
    readonly model: string
    readonly program: string
    readonly agent?: string | number
    readonly round?: number
  }[]
  readonly tests: readonly { readonly code: string; readonly author?: string }[]
}

/** Returns the rows of a `.jsonl` or `.jsonl.gz` file of a folder, whichever is there; null when neither is. */
export function readRows(folder: string, name: string): unknown[] | null {
  for (const [path, unpack] of [
    [join(folder, `${name}.gz`), gunzipSync],
    [join(folder, name), (bytes: Buffer) => bytes],
  ] as const) {
    if (!existsSync(path)) continue
    const lines = unpack(readFileSync(path)).toString('utf8').split('\n')
    return lines.filter((line) => line.trim() !== '').map((line): unknown => JSON.parse(line))
  }
  return null
}

/** Returns the tasks whose number is even or odd, or all. */
export function chooseTasks<T extends { readonly id: string }>(tasks: readonly T[], choice: TaskChoice): T[] {
  return tasks.filter(({ id }) => choice === 'all' || Number(/(\d+)$/.exec(id)?.[1] ?? 0) % 2 === (choice === 'odd' ? 1 : 0))
}

/** Returns the recording of one model's many samples: its prompt has no examples, the original text has. */
export function readSampledTasks(folder: string): RecordedTask[] | null {
  const rows = readRows(folder, 'humaneval_codegen16b.jsonl') as Row[] | null
  return (
    rows?.map((row) => ({
      id: row.task_id,
      entryPoint: row.entry_point,
      prompt: row.original_prompt ?? row.prompt,
      promptWithoutExamples: row.prompt,
      candidates: (row.solutions ?? []).map((solution) => ({
        id: solution.id,
        model: 'codegen-16b',
        agent: solution.id,
        round: 0,
        source: 'codegen',
        text: row.prompt + solution.completion,
        program: normalise(row.prompt + solution.completion, row.prompt, row.entry_point),
      })),
      assertions: [{ writer: 'codegen-16b', text: row.tests.map((test) => test.code).join('\n') }],
    })) ?? null
  )
}

/** Returns the recording of many models. */
export function readPoolTasks(folder: string): RecordedTask[] | null {
  const rows = readRows(folder, 'humaneval_multimodel.jsonl') as Row[] | null
  return (
    rows?.map((row) => ({
      id: row.task_id,
      entryPoint: row.entry_point,
      prompt: row.prompt,
      promptWithoutExamples: null,
      candidates: (row.candidates ?? []).map((candidate) => ({
        id: candidate.id,
        model: candidate.model,
        agent: `${candidate.model}#${candidate.agent ?? 0}`,
        round: candidate.round ?? 0,
        source: candidate.source,
        text: candidate.program,
        program: normalise(candidate.program, row.prompt, row.entry_point),
      })),
      assertions: byWriter(row.tests),
    })) ?? null
  )
}

function byWriter(tests: Row['tests']): { writer: string; text: string }[] {
  const writers = [...new Set(tests.map((test) => test.author ?? ''))]
  return writers.map((writer) => ({
    writer,
    text: tests
      .filter((test) => (test.author ?? '') === writer)
      .map((test) => test.code)
      .join('\n'),
  }))
}

function normalise(code: string, prompt: string, entryPoint: string): string {
  return normaliseCandidate(code, 'python', { prompt, entryPoint })
}

/** Returns the drafts of one small local model with the assertions it wrote itself; null when the recording is absent. */
export function readLiveTasks(folder: string): RecordedTask[] | null {
  const rows = readRows(folder, 'qwen15-humaneval.jsonl') as LiveRow[] | null
  return (
    rows?.map((row) => ({
      id: row.task_id,
      entryPoint: row.entry_point,
      prompt: row.prompt,
      promptWithoutExamples: null,
      candidates: LIVE_DRAFTS.flatMap((kind) => {
        const answer = row.answers[kind]
        const text = answer === undefined ? undefined : codeIn(answer, row.entry_point)
        if (text === undefined) return []
        const program = normalise(text, row.prompt, row.entry_point)
        return [{ id: kind, model: 'qwen-1.5b', agent: kind, round: 0, source: 'live', text, program }]
      }),
      assertions: [{ writer: 'qwen-1.5b', text: row.answers['tests']?.text ?? '' }],
    })) ?? null
  )
}

/** The drafts of the live recording; `resample` is a second answer to the first one's question. */
const LIVE_DRAFTS = ['direct', 'plan', 'edges', 'brute', 'resample'] as const

interface LiveRow {
  readonly task_id: string
  readonly entry_point: string
  readonly prompt: string
  readonly answers: Readonly<Record<string, { readonly text: string; readonly finish: string }>>
}

function codeIn(answer: { text: string; finish: string }, entryPoint: string): string | undefined {
  return extractCode(answer.text, { language: 'python', entryPoint, finish: answer.finish }).files[0]?.code
}

/** One row of the table: which candidates of a task form the pool, and whose assertions are used. */
export interface PoolChoice {
  readonly name: string
  readonly about: string
  readonly takes: (candidate: RecordedCandidate) => boolean
  readonly writer: string
}

const LOCAL = 'llm-humaneval-benchmarks'
const DEBUGGER = 'LLMDebugger'
const GPT35_WRITER = 'gpt-3.5-turbo-0301 (DyLAN)'
const GPT4_WRITER = 'gpt-4-0613 (DyLAN)'

/** The recorded pools P1 to P9. */
export const POOLS: readonly PoolChoice[] = [
  { name: 'P1', about: 'CodeLlama + StarCoder + gpt-3.5', takes: (c) => c.source.endsWith(DEBUGGER), writer: GPT35_WRITER },
  { name: 'P2', about: 'ten local models, 4-bit', takes: (c) => c.source.endsWith(LOCAL), writer: GPT35_WRITER },
  {
    name: 'P3',
    about: 'twelve open models',
    takes: (c) => c.source.endsWith(LOCAL) || (c.source.endsWith(DEBUGGER) && !c.model.startsWith('gpt')),
    writer: GPT35_WRITER,
  },
  { name: 'P4', about: 'four ChatGPT personas', takes: (c) => c.model.startsWith('ChatGPT/'), writer: GPT35_WRITER },
  {
    name: 'P5',
    about: 'two Gemini + CodeLlama + gpt-3.5',
    takes: (c) => c.model.startsWith('Gemini/') || (c.source.endsWith(DEBUGGER) && c.model !== 'starcoder'),
    writer: GPT35_WRITER,
  },
  {
    name: 'P6',
    about: 'gpt-3.5 debaters, round 0',
    takes: (c) => c.model === 'gpt_35_turbo_0301' && c.round === 0,
    writer: GPT35_WRITER,
  },
  { name: 'P7', about: 'gpt-3.5 debaters, all rounds', takes: (c) => c.model === 'gpt_35_turbo_0301', writer: GPT35_WRITER },
  { name: 'P8', about: 'gpt-4 debaters, round 0', takes: (c) => c.model === 'gpt_4_0613' && c.round === 0, writer: GPT4_WRITER },
  { name: 'P9', about: 'gpt-4 debaters, all rounds', takes: (c) => c.model === 'gpt_4_0613', writer: GPT4_WRITER },
]
