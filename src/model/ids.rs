//! Numbers that stand for nodes, pools, queues and attempts once a job is planned.
//!
//! Small copies instead of names, so that tables are vectors. They are written in events, and so
//! are the only thing of the model that serde knows. Unaware of what they index.

use std::fmt;

/// Defines one numbered identity.
macro_rules! id {
    ($name:ident, $inner:ty, $doc:literal) => {
        #[doc = $doc]
        #[derive(
            Debug,
            Clone,
            Copy,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
            serde::Serialize,
            serde::Deserialize,
            schemars::JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

/// Defines one that counts the rows of a table.
macro_rules! row {
    ($name:ident, $doc:literal) => {
        id!($name, u32, $doc);

        impl $name {
            /// Returns the number as an index into its table.
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// Returns the identity of a row of its table.
            ///
            /// # Panics
            ///
            /// If the table has more than 2^32 rows, which no file of at most 8 MiB can declare.
            pub fn at(index: usize) -> Self {
                Self(u32::try_from(index).expect("tables are far below 2^32 rows"))
            }
        }
    };
}

row!(NodeId, "A process of the plan: a declared process, or one cell of its matrix.");
row!(PoolId, "A pool of the plan.");
row!(QueueId, "A queue of the plan.");
id!(AttemptId, u64, "One try at running a node, unique within a run, counted from 0.");
