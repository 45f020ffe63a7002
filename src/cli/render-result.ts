import type { Candidate } from '../domain/candidate.ts'

/**
 * Returns the result of a run as stdout gives it to a file or another program: the program as it was judged where it is the only
 * file, else a patch that creates every file (`git apply`, `patch -p1`).
 */
export function renderResult(candidate: Candidate): string {
  if (candidate.files.length <= 1) return withLineEnd(candidate.program)
  return candidate.files
    .map((file, index) => creation(file.path ?? `file-${index + 1}`, index === candidate.main ? candidate.program : file.code))
    .join('')
}

function creation(path: string, code: string): string {
  const lines = withLineEnd(code).slice(0, -1).split('\n')
  const head = `diff --git a/${path} b/${path}\nnew file mode 100644\n--- /dev/null\n+++ b/${path}\n`
  return `${head}@@ -0,0 +1,${lines.length} @@\n${lines.map((line) => `+${line}\n`).join('')}`
}

function withLineEnd(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
