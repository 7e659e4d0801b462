/** What the build inlines (test/conformance/build.js); bytes are base64. */
export interface Data {
  /** A log with witnesses, made for the occasion. */
  readonly made: {
    readonly policy: string;
    readonly entries: readonly string[];
    readonly proofs: readonly string[];
    /** Seconds. */
    readonly time: number;
  };
  /** Undefined where the shared vectors are not there. */
  readonly vectors?: {
    readonly wycheproof: readonly SignatureCase[];
    readonly cctv: readonly SignatureCase[];
    readonly merkle: {
      readonly inclusion: readonly InclusionProbe[];
      readonly consistency: readonly ConsistencyProbe[];
    };
    readonly goTiles: Readonly<Record<string, string>>;
    readonly goLookups: readonly {
      readonly index: string;
      readonly record: string;
      readonly note: string;
    }[];
    readonly checkpoints: readonly {
      readonly name: string;
      readonly note: string;
      readonly vkeys: readonly string[];
    }[];
    readonly proof: string;
  };
}

export interface SignatureCase {
  readonly key: string;
  readonly message: string;
  readonly signature: string;
  /** True or false where the vector says so. */
  readonly valid?: boolean;
}

interface Probe {
  readonly desc: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
}

export interface InclusionProbe extends Probe {
  readonly leafIdx: string;
  readonly treeSize: string;
  readonly root: string;
  readonly leafHash: string;
}

export interface ConsistencyProbe extends Probe {
  readonly size1: string;
  readonly size2: string;
  readonly root1: string;
  readonly root2: string;
}

export function unbase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
