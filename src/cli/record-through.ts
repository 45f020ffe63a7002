import { appendFileSync, existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { compose, requireBackend } from '../app/compose.ts'
import { startRecordProxy } from '../app/record-proxy.ts'
import type { Config } from '../domain/config.ts'
import { CodeConductorError, EXIT, type ExitCode } from '../domain/errors.ts'
import type { CliContext, CommandInput } from './cli-context.ts'
import { plural } from './format.ts'
import { toJsonLine, toPrintableLine } from './printable.ts'
import { readNumber } from './read-number.ts'

/**
 * Sits in front of a model server until Ctrl-C and keeps every client's chat calls in `<name>.recordings.jsonl`, a line as each
 * ends. The server is `--target`, on this machine or a configured one, else the first that answers.
 */
export async function recordThrough(context: CliContext, { args, options }: CommandInput, config: Config): Promise<ExitCode> {
  const [name] = args
  if (name === undefined) throw usage('record --proxy wants a name for the file')
  const port = readNumber('--proxy', options['proxy'])
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw usage('--proxy must be a port, or 0 for any that is free')
  const file = `${resolve(context.cwd, name)}.recordings.jsonl`
  if (existsSync(file) && statSync(file).size > 0)
    throw usage(`${name}.recordings.jsonl exists: recordings are answered in their order, so two sessions do not mix`)
  const conductor = await compose({
    config,
    env: context.env,
    cwd: context.cwd,
    ...(options['target'] === undefined ? {} : { backends: [] }),
  })
  let count = 0
  const say = (line: string): void => {
    if (context.mode !== 'json') context.stderr.write(`${toPrintableLine(line)}\n`)
  }
  try {
    const target = options['target'] === undefined ? firstUrl(conductor) : checkTarget(String(options['target']), config)
    const proxy = await startRecordProxy({
      port,
      target,
      clock: conductor.clock,
      onRecording: (recording) => {
        const line = `${JSON.stringify(recording)}\n`
        appendFileSync(file, line)
        count += 1
        const { key, request, failure } = recording
        const how = failure === undefined ? 'answered' : `failed: ${failure.code}`
        if (context.mode === 'json')
          context.stdout.write(toJsonLine({ type: 'exchange.recorded', key, model: request.model, failure }))
        else say(`${key.slice(0, 12)}  ${request.model}  ${how}`)
      },
      onSkipped: say,
    })
    const stopped = new Promise<void>((done) => {
      const leave = context.onInterrupt(() => {
        leave()
        done()
      })
    })
    if (context.mode === 'json') context.stdout.write(toJsonLine({ type: 'proxy.started', url: proxy.url, target, file }))
    else context.stdout.write(`${proxy.url}\n`)
    say(`records calls to ${target} in ${name}.recordings.jsonl; point clients at ${proxy.url}; Ctrl-C ends it`)
    await stopped
    await proxy.close()
    say(`${plural(count, 'exchange')} in ${name}.recordings.jsonl`)
    return EXIT.ok
  } finally {
    await conductor.close()
  }
}

function firstUrl(conductor: Awaited<ReturnType<typeof compose>>): string {
  requireBackend(conductor)
  const url = conductor.backends.find((backend) => backend.url !== null)?.url ?? null
  if (url === null) throw usage('there is no server to sit in front of: give --target http://127.0.0.1:PORT')
  return url
}

/** Prompts leave this machine only for a server the user configured. */
function checkTarget(target: string, config: Config): string {
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target))
    throw usage(`--target must be an http:// address, not "${target.slice(0, 80)}"`)
  const { hostname, origin, pathname } = new URL(target)
  const url = `${origin}${pathname}`.replace(/\/+$/, '').replace(/\/v1$/, '')
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
  const configured = [config.ollamaUrl, ...config.backends.map((backend) => backend.url)]
  if (isHere || configured.some((each) => each !== null && new URL(each).origin === origin)) return url
  throw new CodeConductorError('POLICY_REFUSED', `${origin} is neither on this machine nor configured`, {
    hint: 'configure it first: codeconductor config show --origin',
  })
}

function usage(message: string): CodeConductorError {
  return new CodeConductorError('USAGE', message, {
    hint: 'codeconductor record --proxy 8900 --target http://127.0.0.1:11434 session',
  })
}
