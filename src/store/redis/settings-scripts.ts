import { defineScript } from './script.ts'

/**
 * Replaces the settings (hash \`settings\`: version, data) if they are at a version: channel, instance, version, JSON.
 * Answers the new version, or nothing (an empty text) if they are not.
 */
export const saveSettings = defineScript(`
local settings = key('settings')
if (call('HGET', settings, 'version') or '0') ~= ARGV[3] then return '' end
call('HSET', settings, 'data', ARGV[4])
local version = whole(call('HINCRBY', settings, 'version', 1))
call('PUBLISH', ARGV[1], ARGV[2])
return version
`)
