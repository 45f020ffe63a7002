import { type CliContext, type CliProcess, createContext, type Interrupt, type TextSink } from '../../src/cli/cli-context.ts'

export interface FakeSink extends TextSink {
  readonly text: () => string
  columns: number
  rows: number
}

function fakeSink(options: { readonly isTty?: boolean; readonly columns?: number; readonly rows?: number } = {}): FakeSink {
  let written = ''
  return {
    write: (text) => {
      written += text
    },
    isTty: options.isTty ?? false,
    columns: options.columns ?? 80,
    rows: options.rows ?? 24,
    onResize: () => () => {},
    text: () => written,
  }
}

export interface World {
  readonly context: CliContext
  readonly stdout: FakeSink
  readonly stderr: FakeSink
  interrupt(signal: Interrupt): void
  /** Runs what restores the terminal when the process ends. */
  exit(): void
}

/** A process that is not there: a terminal or a pipe, an environment, a keyboard that can be interrupted. */
export function cliWorld(options: {
  readonly isTty?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly stdin?: string
  readonly flags?: Readonly<Record<string, unknown>>
  readonly columns?: number
}): World {
  const isTty = options.isTty ?? false
  const size = options.columns === undefined ? {} : { columns: options.columns }
  const [stdout, stderr] = [fakeSink({ isTty, ...size }), fakeSink({ isTty, ...size })]
  const listeners = new Set<(signal: Interrupt) => void>()
  const restores = new Set<() => void>()
  const process: CliProcess = {
    stdout,
    stderr,
    stdin: {
      isTty: options.stdin === undefined && isTty,
      async *chunks() {
        yield new TextEncoder().encode(options.stdin ?? '')
      },
    },
    env: options.env ?? {},
    cwd: options.cwd ?? '/nowhere',
    home: '/nowhere',
    platform: 'linux',
    onInterrupt: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onExit: (restore) => {
      restores.add(restore)
      return () => void restores.delete(restore)
    },
  }
  return {
    context: createContext(process, options.flags ?? {}),
    stdout,
    stderr,
    interrupt: (signal) => {
      for (const listener of listeners) listener(signal)
    },
    exit: () => {
      for (const restore of restores) restore()
    },
  }
}
