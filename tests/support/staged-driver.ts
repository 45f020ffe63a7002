import { PassThrough } from 'node:stream'
import type { GuardedDriver } from '../../src/sandbox/drivers/guard-driver.ts'
import { guardDriver } from '../../src/sandbox/drivers/guard-driver.ts'
import type { Ended, Launched, LaunchPlan } from '../../src/sandbox/drivers/launch.ts'

/** What one staged process does: answers each request it is sent, in order; null leaves one unanswered. */
type Script = readonly (Readonly<Record<string, unknown>> | null)[]

/** A driver that isolates nothing and starts nothing: each launch plays the next script, the way a harness talks. For load tests. */
export function stageDriver(scripts: readonly Script[]): GuardedDriver & { readonly launches: () => number } {
  let launches = 0
  const launch = async (_plan: LaunchPlan): Promise<Launched> => {
    const script = [...(scripts[launches++] ?? [])]
    const [stdin, stdout, stderr, channel] = [new PassThrough(), new PassThrough(), new PassThrough(), new PassThrough()]
    let end: (ended: Ended) => void = () => undefined
    const ended = new Promise<Ended>((resolve) => {
      end = resolve
    })
    stdin.on('data', (chunk: Buffer) => {
      const { id } = JSON.parse(chunk.toString('utf8')) as { id: string }
      const answer = script.shift()
      if (answer) channel.write(`${JSON.stringify({ id, r: answer })}\n`)
    })
    const kill = (): void => {
      for (const stream of [stdout, stderr, channel]) stream.destroy()
      end({ started: true, code: null })
    }
    return {
      ...{ stdin, stdout, stderr, channel, rootPid: () => null, kill, ended },
      ...{ scratchPath: () => null, countInodes: null, release: () => undefined },
    }
  }
  const driver = guardDriver({ name: 'staged', isolation: 'full', template: [], launch, close: () => undefined })
  return { ...driver, launches: () => launches }
}
