/** A queue with one writer and any number of readers, each of whom sees everything from the beginning. */
export interface Channel<T> extends AsyncIterable<T> {
  push(item: T): void
  /** Ends every reader once it has read what was pushed. */
  close(): void
}

/** Returns a channel that keeps what is pushed in `items`. */
export function createChannel<T>(items: T[] = []): Channel<T> {
  let isClosed = false
  let wakers: (() => void)[] = []
  const wake = (): void => {
    const waiting = wakers
    wakers = []
    for (const resolve of waiting) resolve()
  }
  return {
    push(item) {
      items.push(item)
      wake()
    },
    close() {
      isClosed = true
      wake()
    },
    async *[Symbol.asyncIterator]() {
      for (let i = 0; ; ) {
        const item = items[i]
        if (i < items.length && item !== undefined) {
          i += 1
          yield item
        } else if (isClosed) return
        else await new Promise<void>((resolve) => wakers.push(resolve))
      }
    },
  }
}
