//! A chain of this runtime in memory: blocks with signed transactions, and a count of all TAO after each.

#![allow(dead_code, reason = "every test takes what it needs")]

mod books;
mod costs;

use books::Books;
use frame_support::{
    storage::{TransactionOutcome, with_transaction_unchecked},
    traits::Get,
};
use myelin_epoch::accrual::accrued;
use myelin_pallet_emission::{Accrued, Ledger};
use myelin_pallet_keys::{Call as KeysCall, ColdkeySwaps, TotalEscrowed};
use myelin_pallet_staking::{Pools, TotalStake};
use myelin_pallet_subnets::{Subnets, TotalLocked};
use myelin_primitives::{Amount, BlockNumber, Tao};
use myelin_records::consent::{KeyConsent, pair_text};
pub(crate) use myelin_runtime::signing::account;
use myelin_runtime::{
    AccountId, Balances, Executive, Hash, Header, Nonce, Runtime, RuntimeCall, RuntimeGenesisConfig, SlotTime, System,
    UncheckedExtrinsic, presets, signing::signed,
};
use serde_json::Value;
use sp_consensus_aura::{AURA_ENGINE_ID, Slot};
use sp_core::{Encode, Pair, sr25519};
use sp_externalities::Externalities;
use sp_io::TestExternalities;
use sp_runtime::{
    BuildStorage, Digest, DigestItem, DispatchError,
    traits::Header as _,
    transaction_validity::{TransactionSource, TransactionValidity, TransactionValidityError},
};

/// The slot of block 0. Any slot would do.
const FIRST_SLOT: u64 = 1_000;

/// The outcome of a transaction in a block.
pub(crate) type Applied = Result<Result<(), DispatchError>, TransactionValidityError>;

/// Returns the weight of the block so far, in picoseconds.
fn block_weight() -> u64 {
    System::block_weight().total().ref_time()
}

/// A chain after its last block.
pub(crate) struct Chain {
    state: TestExternalities,
    parent: Option<Header>,
    books: Option<Books>,
    /// The weight of the storage that the last transaction touched, in picoseconds.
    touched: u64,
}

impl Chain {
    /// Builds the chain of this preset with the changes of `patch`, and makes its first block.
    pub(crate) fn begin(preset: &str, patch: Value) -> Self {
        let mut genesis = serde_json::to_value(RuntimeGenesisConfig::default()).expect("a genesis is JSON");
        merge(&mut genesis, presets::patch(preset).expect("the preset exists"));
        merge(&mut genesis, patch);
        let config: RuntimeGenesisConfig = serde_json::from_value(genesis).expect("the patch fits");
        let mut chain = Self {
            state: config.build_storage().expect("the genesis builds").into(),
            parent: None,
            books: None,
            touched: 0,
        };
        chain.look(check_parts);
        // Transactions are signed for the hash of block 0, which block 1 brings.
        chain.block(Vec::new());
        chain
    }

    /// Reads the state.
    pub(crate) fn look<R>(&mut self, read: impl FnOnce() -> R) -> R {
        self.state.execute_with(read)
    }

    /// Returns the weight of the storage that the last transaction touched, in picoseconds.
    pub(crate) fn touched(&self) -> u64 {
        self.touched
    }

    /// Returns the height of the last block.
    pub(crate) fn height(&self) -> BlockNumber {
        self.parent.as_ref().map_or(0, |header| header.number)
    }

    /// Returns the hash of the last block.
    pub(crate) fn hash(&self) -> [u8; 32] {
        self.parent.as_ref().map(|header| header.hash().0).unwrap_or_default()
    }

    /// Signs a transaction of `key` with its next nonce.
    pub(crate) fn sign(&mut self, key: &sr25519::Pair, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
        let nonce = self.look(|| *System::account_nonce(account(key)));
        self.sign_with_nonce(key, call, nonce)
    }

    /// Signs a transaction of `key` with this nonce.
    pub(crate) fn sign_with_nonce(
        &mut self,
        key: &sr25519::Pair,
        call: impl Into<RuntimeCall>,
        nonce: Nonce,
    ) -> UncheckedExtrinsic {
        let genesis = self.look(|| System::block_hash(0));
        signed(key, call.into(), nonce, genesis)
    }

    /// Validates a transaction as the transaction pool does.
    pub(crate) fn validate(&mut self, transaction: UncheckedExtrinsic) -> TransactionValidity {
        let hash = self.hash().into();
        let validity = || Executive::validate_transaction(TransactionSource::External, transaction, hash);
        // Validation begins the next block, whose changes must be undone.
        self.look(|| with_transaction_unchecked(|| TransactionOutcome::Rollback(validity())))
    }

    /// Returns the header with which the next block begins.
    pub(crate) fn next_header(&self) -> Header {
        self.header(self.height() + 1)
    }

    /// Returns the header of a block of this number on the last block.
    pub(crate) fn header(&self, number: BlockNumber) -> Header {
        let slot = DigestItem::PreRuntime(AURA_ENGINE_ID, slot(number).encode());
        let digest = Digest { logs: vec![slot] };
        Header::new(number, Hash::default(), Hash::default(), self.hash().into(), digest)
    }

    /// Changes the state outside of the runtime, as a node's executor does.
    pub(crate) fn run(&mut self, change: impl FnOnce(&mut dyn Externalities)) {
        change(&mut self.state.ext());
    }

    /// Commits the changes that were made between blocks.
    pub(crate) fn keep(&mut self) {
        self.state.commit_all().expect("memory takes the changes");
    }

    /// Drops the changes since the last block.
    pub(crate) fn forget(&mut self) {
        self.state.reset_overlay();
    }

    /// Makes a block of these transactions and returns the outcome of each.
    ///
    /// # Panics
    /// If an epoch fails, and if a rao comes from nowhere or is lost.
    pub(crate) fn block(&mut self, transactions: Vec<UncheckedExtrinsic>) -> Vec<Applied> {
        self.begin_block();
        let applied = transactions.into_iter().map(|transaction| self.apply(transaction)).collect();
        self.end_block();
        applied
    }

    /// Begins a block: its hooks run, and the time is set.
    pub(crate) fn begin_block(&mut self) {
        let header = self.next_header();
        let mut books = self.look(Books::open);
        let ((), touched) = costs::touched(&mut self.state, || {
            Executive::initialize_block(&header);
        });
        let charged = self.look(block_weight);
        assert!(touched <= charged, "the hooks of block {} touch {touched} ps for {charged} ps", header.number);
        self.books = Some(self.look(|| {
            books.note_emission();
            let now = *slot(header.number) * <SlotTime as Get<u64>>::get();
            let time = UncheckedExtrinsic::new_bare(pallet_timestamp::Call::set { now }.into());
            assert_eq!(Executive::apply_extrinsic(time), Ok(Ok(())));
            books
        }));
    }

    /// Applies a transaction to the block that has begun. Of one that is refused nothing stays, as a node does it.
    ///
    /// # Panics
    /// If the transaction touches more storage than it is charged for.
    pub(crate) fn apply(&mut self, transaction: UncheckedExtrinsic) -> Applied {
        let (name, before) = (format!("{:?}", transaction.function), self.look(block_weight));
        let (applied, touched) = costs::touched(&mut self.state, || {
            with_transaction_unchecked(|| match Executive::apply_extrinsic(transaction) {
                applied @ Ok(_) => TransactionOutcome::Commit(applied),
                refused @ Err(_) => TransactionOutcome::Rollback(refused),
            })
        });
        let charged = self.look(block_weight) - before;
        // Sudo names the weight of some calls itself.
        let free = applied.is_err() || name.contains("unchecked_weight") || name.contains("with_weight");
        self.touched = touched;
        assert!(free || touched <= charged, "{name} touches {touched} ps and is charged {charged} ps");
        applied
    }

    /// Ends the block that has begun, and checks its books and totals.
    pub(crate) fn end_block(&mut self) {
        let books = self.books.take().expect("a block has begun");
        let header = self.look(|| {
            let header = Executive::finalize_block();
            books.close();
            check_parts();
            header
        });
        self.keep();
        self.parent = Some(header);
    }

    /// Makes a block of one transaction, which the pool must take and which must succeed.
    #[track_caller]
    pub(crate) fn succeed(&mut self, key: &sr25519::Pair, call: impl Into<RuntimeCall>) {
        let transaction = self.sign(key, call);
        self.validate(transaction.clone()).expect("the pool takes the transaction");
        assert_eq!(self.block(vec![transaction]), [Ok(Ok(()))]);
    }

    /// Returns the consent of a key to a pair on this chain.
    #[allow(clippy::unnecessary_wraps, reason = "it is an argument of calls, which may have none")]
    pub(crate) fn consent(
        &mut self,
        signer: &sr25519::Pair,
        coldkey: &AccountId,
        hotkey: &AccountId,
    ) -> Option<KeyConsent> {
        let genesis = self.look(|| System::block_hash(0));
        Some(signer.sign(&pair_text(&genesis, coldkey, hotkey)).0)
    }

    /// Makes two keys a pair, in a block of its own.
    #[track_caller]
    pub(crate) fn pair(&mut self, coldkey: &sr25519::Pair, hotkey: &sr25519::Pair) {
        let consent = self.consent(hotkey, &account(coldkey), &account(hotkey));
        self.succeed(coldkey, KeysCall::try_associate_hotkey { hotkey: account(hotkey), consent });
    }

    /// Returns the reason for which the pool refuses a call of `key`.
    #[track_caller]
    pub(crate) fn refusal(&mut self, key: &sr25519::Pair, call: impl Into<RuntimeCall>) -> TransactionValidityError {
        let transaction = self.sign(key, call);
        let refusal = self.validate(transaction.clone()).expect_err("the pool refuses the transaction");
        assert_eq!(self.block(vec![transaction]), [Err(refusal)], "a block refuses what the pool refuses");
        refusal
    }

    /// Makes empty blocks until `done`, at most `limit` of them.
    #[track_caller]
    pub(crate) fn run_until(&mut self, limit: u32, mut done: impl FnMut() -> bool) {
        for _ in 0..limit {
            if self.look(&mut done) {
                return;
            }
            self.block(Vec::new());
        }
        panic!("it did not happen within {limit} blocks");
    }

    /// Returns the free balance of an account.
    pub(crate) fn balance(&mut self, account: &AccountId) -> u64 {
        self.look(|| Balances::free_balance(account))
    }
}

/// Returns a fresh key of this name.
pub(crate) fn key(name: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(&format!("//{name}"), None).expect("a name is a path")
}

fn slot(number: BlockNumber) -> Slot {
    Slot::from(FIRST_SLOT + u64::from(number))
}

/// Checks that each stored total is the sum of its parts.
fn check_parts() {
    let free: u64 = frame_system::Account::<Runtime>::iter_values().map(|a| a.data.free + a.data.reserved).sum();
    assert_eq!(Balances::total_issuance(), free, "free balances");
    let staked: u64 = Pools::<Runtime>::iter_values().map(|stake| stake.pool.value().rao()).sum();
    assert_eq!(TotalStake::<Runtime>::get().rao(), staked, "stake");
    let locked: u64 = Subnets::<Runtime>::iter_values().map(|subnet| subnet.locked.rao()).sum();
    assert_eq!(TotalLocked::<Runtime>::get().rao(), locked, "locks");
    let escrowed: u64 = ColdkeySwaps::<Runtime>::iter_values().map(|swap| swap.escrow.rao()).sum();
    assert_eq!(TotalEscrowed::<Runtime>::get().rao(), escrowed, "escrows");
    let accrual = Accrued::<Runtime>::get();
    let accounts = Ledger::<Runtime>::get();
    let pending = accounts.values().map(|account| accrued(account, accrual.blocks).expect("it can be written down"));
    assert_eq!(Amount::<Tao>::checked_sum(pending), Ok(accrual.pending), "pending emission");
}

/// Merges `patch` into `value`, object by object.
fn merge(value: &mut Value, patch: Value) {
    match (value, patch) {
        (Value::Object(fields), Value::Object(patch)) => {
            for (name, part) in patch {
                merge(fields.entry(name).or_insert(Value::Null), part);
            }
        }
        (value, patch) => *value = patch,
    }
}
