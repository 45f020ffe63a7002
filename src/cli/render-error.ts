import { type CodeConductorError, toErrorData } from '../domain/errors.ts'
import type { Painter } from './cli-context.ts'
import { toPrintable } from './printable.ts'

/** More than one way on, where one hint would be too little. */
const WAYS_ON: Readonly<Record<string, readonly string[]>> = {
  NO_BACKEND: [
    'codeconductor demo                               watch a recorded run, offline',
    'ollama serve                                     start a server (or LM Studio, llama.cpp, vLLM), then run this again',
    'codeconductor run --backend http://HOST:PORT …   use a server that is elsewhere',
  ],
}

const NO_HINT = 'CODECONDUCTOR_DEBUG=1 codeconductor …   (shows where it happened)'

/** Returns an error for people: what failed, the evidence, what to try. No stack. Everything in it is printable. */
export function renderError(error: CodeConductorError, paint: Painter): string {
  const [first = '', ...evidence] = toPrintable(error.message).split('\n')
  const ways = WAYS_ON[error.code] ?? [toPrintable(error.hint ?? NO_HINT)]
  const lines = [`${paint.red('error:')} ${first}`, ...evidence.map((line) => paint.dim(line))]
  lines.push(...(ways.length === 1 ? [`Try: ${ways.join('')}`] : ['Try one of:', ...ways.map((way) => `  ${way}`)]))
  return `${lines.join('\n')}\n`
}

/** Returns an error that came before a run began as the event `--json` prints for it. */
export function toErrorEvent(error: CodeConductorError): Readonly<Record<string, unknown>> {
  const { code, message, retryable } = toErrorData(error)
  return { type: 'error', code, message, hint: error.hint, retryable, exitCode: error.exitCode, ...error.details }
}
