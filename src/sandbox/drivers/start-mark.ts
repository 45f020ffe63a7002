import { type Readable, Transform } from 'node:stream'

/** An engine's own messages before a program begins are shorter than this. */
const MAX_BEFORE_BYTES = 64 * 1024

/** A stream without what came before a mark in it. */
export interface Marked {
  /** What follows the mark; everything, where the mark never came. */
  readonly rest: Readable
  /** True once the mark has been read: whatever ends now has begun. */
  isSeen(): boolean
}

/**
 * Cuts `stream` at the line `mark`, which a container writes first of all. An engine says with exit codes that a container never started
 * which a program can end with too; this tells the two apart. `mark` must be nothing an engine says.
 */
export function cutAtMark(stream: Readable, mark: string): Marked {
  const wanted = Buffer.from(`${mark}\n`)
  let before: Buffer | null = Buffer.alloc(0)
  let isSeen = false
  const rest = new Transform({
    transform: (chunk: Buffer, _, done) => {
      if (before === null) return done(null, chunk)
      before = Buffer.concat([before, chunk])
      const at = before.indexOf(wanted)
      if (at < 0 && before.length <= MAX_BEFORE_BYTES) return done()
      isSeen = at >= 0
      const after = isSeen ? before.subarray(at + wanted.length) : before
      before = null
      done(null, after)
    },
    flush: (done) => done(null, before),
  })
  // Whoever wants no more of it wants no more of its source either, which would wait to be read for ever.
  rest.on('close', () => stream.destroy())
  stream.on('error', () => rest.end())
  stream.pipe(rest)
  return { rest, isSeen: () => isSeen }
}
