import { compose } from '../../app/compose.ts'
import { EXIT, type ExitCode } from '../../domain/errors.ts'
import type { SandboxCapabilities } from '../../ports/sandbox.ts'
import type { CliContext, Execute } from '../cli-context.ts'
import { loadSettings } from '../open-conductor.ts'
import { toJsonLine, toPrintableLine } from '../printable.ts'
import { labelled } from '../wrap.ts'

/** Says how code would be run here and, without `--sandbox`, which servers answer. Exit 3 when something needed is missing. */
export const execute: Execute = async (context, input) => {
  const { config } = await loadSettings(context, input)
  const isSandboxOnly = input.options['sandbox'] === true
  const conductor = await compose({ config, env: context.env, cwd: context.cwd, ...(isSandboxOnly ? { backends: [] } : {}) })
  try {
    let code: ExitCode = EXIT.ok
    if (!isSandboxOnly) {
      if (conductor.backends.length === 0) code = EXIT.unavailable
      for (const probe of conductor.probes) {
        if (context.mode === 'json') context.stdout.write(toJsonLine({ type: 'doctor.backend', ...probe }))
        else write(context, probe.name, `${probe.url} · ${probe.detail}`)
      }
    }
    const capabilities = await conductor.sandbox.probe()
    if (capabilities.isolation === 'none') code = EXIT.unavailable
    if (context.mode === 'json') context.stdout.write(toJsonLine({ type: 'doctor.sandbox', ...capabilities }))
    else writeSandbox(context, capabilities)
    return code
  } finally {
    await conductor.close()
  }
}

function writeSandbox(context: CliContext, { driver, isolation, policyHash, why, fix, languages }: SandboxCapabilities): void {
  write(context, 'Sandbox', `${driver} · isolation ${isolation} · policy ${policyHash.slice(0, 12)}`)
  for (const line of why) write(context, '', line)
  for (const [language, { available, note }] of Object.entries(languages)) {
    write(context, language, `${available ? 'runs here' : 'does not run here'}: ${note}`)
  }
  if (fix !== null) write(context, 'Try', fix)
}

function write({ stdout }: CliContext, label: string, text: string): void {
  const [first = '', ...more] = labelled(label, toPrintableLine(text), stdout.columns)
  stdout.write(`${[first, ...more].join('\n')}\n`)
}
