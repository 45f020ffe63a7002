import { compose, requireBackend } from '../../app/compose.ts'
import { EXIT } from '../../domain/errors.ts'
import type { ModelInfo } from '../../domain/model.ts'
import type { Execute } from '../cli-context.ts'
import { clip, padTo } from '../display-width.ts'
import { formatCount, formatSize } from '../format.ts'
import { loadSettings } from '../open-conductor.ts'
import { toJsonLine, toPrintableLine } from '../printable.ts'

/** Longest a server may take to list its models. */
const LIST_TIMEOUT_MS = 10_000

/** Lists the servers that answer and what they can answer with. Exit 3 when there is none. */
export const execute: Execute = async (context, input) => {
  const { config } = await loadSettings(context, input)
  const conductor = await compose({ config, env: context.env, cwd: context.cwd })
  try {
    requireBackend(conductor)
    if (context.mode !== 'json') {
      for (const { name, url, detail } of conductor.probes)
        context.stderr.write(`${toPrintableLine(`${name}  ${url}  ${detail}`)}\n`)
    }
    for (const model of await conductor.pool.list(AbortSignal.timeout(LIST_TIMEOUT_MS))) {
      if (context.mode === 'json') {
        context.stdout.write(toJsonLine({ type: 'model', ...model }))
        continue
      }
      const line = renderModel(model)
      context.stdout.write(`${context.stdout.isTty ? clip(line, context.stdout.columns - 1) : line}\n`)
    }
    return EXIT.ok
  } finally {
    await conductor.close()
  }
}

/** The window that counts is the one that is allocated, not the one that is advertised. */
function renderModel(model: ModelInfo): string {
  const facts = [
    model.isLoaded === null ? null : model.isLoaded ? 'loaded' : 'not loaded',
    model.contextTokens === null ? null : `${formatCount(model.contextTokens)} tokens`,
    model.parallelSlots === null ? null : `${model.parallelSlots} at once`,
    model.parameterSize,
    model.quantization,
    model.sizeBytes === null ? null : formatSize(model.sizeBytes),
  ].filter((fact) => fact !== null)
  return `${padTo(toPrintableLine(model.name), 28)} ${padTo(model.backend, 24)} ${toPrintableLine(facts.join(' · '))}`
}
