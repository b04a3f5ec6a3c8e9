import {
  SettingsConflictError,
  type SettingsDocument,
  type SettingsPersistence,
} from '../core/settings-document.ts'
import { SettingsService } from './settings.ts'
import { SettingsFaultError } from './settings-patch.ts'

export const KEYS = { app: { app_key: 'admin', api_key: ['key'] } }

/** A back end in memory that counts its versions and can be told to fail. */
export class FakePersistence implements SettingsPersistence {
  values: Readonly<Record<string, unknown>>
  fault: string | undefined
  saveError: Error | undefined
  saves = 0
  /** Runs between a load and the save after it, as another process would. */
  beforeSave: (() => void) | undefined
  #version = 1

  constructor(values: Readonly<Record<string, unknown>> = {}, fault?: string) {
    this.values = values
    this.fault = fault
  }

  async load(): Promise<SettingsDocument> {
    const version = String(this.#version)
    return this.fault === undefined
      ? { values: this.values, version }
      : { values: {}, version, fault: this.fault }
  }

  async save(values: Readonly<Record<string, unknown>>, expectedVersion: string): Promise<string> {
    this.beforeSave?.()
    if (this.saveError !== undefined) throw this.saveError
    if (expectedVersion !== String(this.#version)) throw new SettingsConflictError('changed')
    this.saves += 1
    this.change(values)
    return String(this.#version)
  }

  change(values: Readonly<Record<string, unknown>>, fault?: string): void {
    this.values = values
    this.fault = fault
    this.#version += 1
  }
}

export async function openService(
  stored: Record<string, unknown> = KEYS,
  environment: Record<string, string> = {},
) {
  const persistence = new FakePersistence(stored)
  return { persistence, service: await SettingsService.open({ persistence, environment }) }
}

export async function faultsOf(promise: Promise<unknown>): Promise<string[]> {
  try {
    await promise
  } catch (error) {
    if (error instanceof SettingsFaultError)
      return error.faults.map(({ key, message }) => `${key}: ${message}`)
    throw error
  }
  return []
}

export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
