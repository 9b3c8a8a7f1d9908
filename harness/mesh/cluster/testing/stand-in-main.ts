import type { MeshSnapshot } from '../contract.ts';
import { StandIn } from './stand-in.ts';

/** A stand-in in a process of its own. Arguments: the address to listen at, the snapshot. Prints a line of JSON. */
const [host = '127.0.0.1', snapshot = '{}'] = process.argv.slice(2);
const standIn = await StandIn.start({ host });
standIn.tell(JSON.parse(snapshot) as MeshSnapshot);
const { identity, destination, authority } = standIn;
const { anchorPem } = authority;
console.log(JSON.stringify({ identity: identity.address.port, destination: destination.address.port, anchorPem }));
