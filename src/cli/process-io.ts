import { homedir } from 'node:os'
import type { ReadStream, WriteStream } from 'node:tty'
import type { CliProcess, TextSink } from './cli-context.ts'
import { createInterrupts } from './interrupts.ts'

/** Returns this process as commands see it, and how to wait until all that was written has left it. */
export function createProcessIo(exit: (code: number) => void): CliProcess & { flush(): Promise<void> } {
  const restores = new Set<() => void>()
  const restoreAll = (): void => {
    for (const restore of restores) restore()
    restores.clear()
  }
  process.on('exit', restoreAll)
  const interrupts = createInterrupts(() => performance.now(), exit)
  process.on('SIGINT', () => interrupts.signal('SIGINT'))
  process.on('SIGTERM', () => interrupts.signal('SIGTERM'))
  if (process.platform === 'win32') process.on('SIGBREAK', () => interrupts.signal('SIGINT'))
  const stdout = createSink(process.stdout)
  const stderr = createSink(process.stderr)
  return {
    stdout,
    stderr,
    stdin: { isTty: process.stdin.isTTY === true, chunks: () => process.stdin as ReadStream },
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    platform: process.platform,
    onInterrupt: interrupts.listen,
    onExit: (restore) => {
      restores.add(restore)
      return () => void restores.delete(restore)
    },
    flush: async () => {
      await Promise.all([stdout.flush(), stderr.flush()])
    },
  }
}

/** A reader that went away (`| head`) is no failure of ours: what it does not take is dropped. */
function createSink(stream: WriteStream): TextSink & { flush(): Promise<void> } {
  let isClosed = false
  stream.on('error', () => {
    isClosed = true
  })
  return {
    write: (text) => {
      if (!isClosed) stream.write(text)
    },
    isTty: stream.isTTY === true,
    get columns() {
      // Some terminals say 0 for a size they do not know.
      return stream.columns || 80
    },
    get rows() {
      return stream.rows || 24
    },
    onResize: (listener) => {
      stream.on('resize', listener)
      return () => void stream.off('resize', listener)
    },
    flush: () =>
      new Promise((resolve) => (isClosed || stream.writableLength === 0 ? resolve() : stream.write('', () => resolve()))),
  }
}
