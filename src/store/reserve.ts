import { type FileSystem, writeFully } from './file-system.ts'

/**
 * Disk space set aside for closing records: one file per store, a slot per open run, written with zeros when taken. A
 * closing record overwrites its slot in place, which needs no new block on file systems that write in place (ext4, xfs,
 * APFS and NTFS for a file that is not shared; a copying file system such as btrfs gives no such promise).
 */
export interface Reserve {
  /** Returns a free slot. Throws what the disk says where there is no room for one. */
  take(): number
  /** Writes `line` into the slot and syncs it. Throws `RangeError` where it does not fit. */
  write(slot: number, line: Buffer): Promise<void>
  /**
   * Frees a slot; one that holds a record which is nowhere else (`isSaved` false) stays taken. What is left in a freed
   * slot says no more than its run's own files do.
   */
  free(slot: number, isSaved: boolean): void
  /** Closes the file, and removes it where no slot holds a record that is nowhere else. */
  close(): Promise<void>
}

export const SLOT_BYTES = 4096
/** The file grows by this many slots, so that most runs find one ready. */
const GROWTH = 16

/** Returns a reserve in the file `name`, which is created on first use. */
export function createReserve(fs: FileSystem, folder: string, name: string): Reserve {
  const path = `${folder}/${name}`
  let fd: number | null = null
  let isNameSynced = false
  let slotCount = 0
  const freeSlots: number[] = []
  const written = new Set<number>()

  function grow(): void {
    const file = fd ?? fs.open(path, 'wx')
    fd = file
    writeFully(fs, file, Buffer.alloc(SLOT_BYTES * GROWTH), slotCount * SLOT_BYTES)
    for (let i = GROWTH - 1; i >= 0; i--) freeSlots.push(slotCount + i)
    slotCount += GROWTH
  }

  return {
    take: () => {
      if (freeSlots.length === 0) grow()
      return freeSlots.pop() ?? 0
    },
    write: async (slot, line) => {
      if (line.length > SLOT_BYTES) throw new RangeError(`a closing record may have ${SLOT_BYTES} bytes`)
      if (fd === null) return
      written.add(slot)
      writeFully(fs, fd, line, slot * SLOT_BYTES)
      await fs.fdatasync(fd)
      if (!isNameSynced) await fs.syncFolder(folder)
      isNameSynced = true
    },
    free: (slot, isSaved) => {
      if (written.has(slot) && !isSaved) return
      written.delete(slot)
      freeSlots.push(slot)
    },
    close: async () => {
      if (fd === null) return
      fs.close(fd)
      fd = null
      if (written.size === 0) fs.unlink(path)
    },
  }
}
