import { type ArtifactKind, createArtifactValidator } from '../config/validate-artifact.ts'
import type { KpiHardware } from '../domain/kpi.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'
import { createTreeSitterParser } from '../project/tree-sitter-parser.ts'
import { createArtifactDir } from '../store/artifact-dir.ts'
import { readHardware } from '../system/hardware.ts'
import { packagePath } from './compose.ts'

/** What writing a run's files takes from outside. */
export interface ArtifactTools {
  /** Throws `ARTIFACT_INVALID` for a value that does not fit its schema. */
  readonly validate: (kind: ArtifactKind, value: unknown) => void
  /** Returns how a file is put in a folder: whole or not at all. */
  readonly openFolder: (folder: string) => { write(name: string, content: string): Promise<void> }
  readonly readHardware: () => Promise<KpiHardware>
  readonly parser: SyntaxParser
}

/**
 * Returns the tools of the product: its schemas, its disk, this machine. Apart from `compose`, so that a process loads the
 * validators when a run has ended and not when it starts.
 */
export function createArtifactTools(): ArtifactTools {
  return {
    validate: createArtifactValidator(packagePath('schemas')),
    openFolder: createArtifactDir,
    readHardware: () => readHardware(),
    parser: createTreeSitterParser(),
  }
}
