import { expect, test } from 'bun:test'
import { isPublicAddress } from './public-address.ts'

test.each(['1.1.1.1', '93.184.215.14', '172.32.0.1', '192.169.0.1', '100.128.0.1', '168.63.1.1'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
)

test.each(['2606:4700::1111', '2a00:1450:4001::200e', '::ffff:1.1.1.1', '64:ff9b::101:101'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
)

test.each([
  '',
  'localhost',
  '::1',
  '::',
  '127.0.0.1',
  '10.0.0.1',
  '2002:101:101::',
  '2001:0:101:101::',
  'fe80::1%lo',
])('%j is not public', (address) => expect(isPublicAddress(address)).toBe(false))
