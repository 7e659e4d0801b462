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
  readonly trust: MadeTrust;
  readonly authorizations: MadeAuthorizations;
  readonly gate: MadeGate;
  readonly bundle: MadeBundle;
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
    /** Roots 1 to 15. */
    readonly sigstoreRoots: readonly string[];
    /** Sigstore's repository as it was captured, by path. */
    readonly sigstore: {
      readonly files: Readonly<Record<string, string>>;
      readonly initialRoot: string;
      readonly targetPath: string;
      /** Milliseconds: when it was captured. */
      readonly now: number;
    };
  };
}

/** Proof bundles of one log: whole, redacted, and with the logs of domains. */
export interface MadeBundle {
  readonly bundles: readonly string[];
  readonly roots: readonly string[];
  /** Milliseconds. */
  readonly now: number;
}

/** A domain's history: its public folder after each change. */
export interface MadeTrust {
  readonly domain: string;
  readonly states: readonly MadeState[];
  /** Second continuations: each is what a folder would hold after `from` in place of the next state. */
  readonly forks: readonly { readonly from: number; readonly state: MadeState }[];
}

export interface MadeState {
  readonly what: string;
  /** Milliseconds. */
  readonly now: number;
  /** What the folder holds that it did not hold before, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** Domains at a time, a gate's own first: their public folders, by path. */
export interface MadeDomains {
  /** Milliseconds. */
  readonly now: number;
  readonly domains: readonly {
    readonly name: string;
    readonly files: Readonly<Record<string, string>>;
  }[];
}

/** What is authorized between two domains, and what is asked. */
export interface MadeAuthorizations extends MadeDomains {
  readonly gate: string;
  readonly chains: readonly string[];
  readonly requests: readonly string[];
  /** For the first chain; the first of them holds. */
  readonly proofs: {
    readonly request: string;
    readonly gate: string;
    readonly nonce: string;
    readonly salt: string;
    readonly proofs: readonly string[];
  };
  readonly attacks: readonly {
    readonly name: string;
    readonly request: string;
    /** JSON text. */
    readonly policy: string;
  }[];
}

/** A gate, whom it knows, and who asks it. */
export interface MadeGate {
  readonly origin: string;
  /** Of Ed25519 keys, 32 bytes each. */
  readonly seeds: { readonly gate: string; readonly holder: string; readonly resumer: string };
  readonly chain: string;
  /** The same domains, and later, when the first state is stale. */
  readonly states: readonly [MadeDomains, MadeDomains];
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
