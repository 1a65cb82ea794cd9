/// Declares a statement that is prepared once per connection. Diesel prepares every `UPDATE`, and everything written as
/// SQL, again each time, which costs more than running it; so statements that every send or every client runs use this
/// macro. Text and bound fields alternate; returned rows are described by their SQL types.
macro_rules! cached_statement {
    (
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $rust:ty),* $(,)? } $(-> $rows:ty)?,
        $($head:literal $(, $bound:ident as $sql:ty)?),+ $(,)?
    ) => {
        $(#[$doc])*
        pub(crate) struct $name {
            $(pub(crate) $field: $rust,)*
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                $(
                    out.push_sql($head);
                    $(out.push_bind_param::<$sql, _>(&self.$bound)?;)?
                )+
                Ok(())
            }
        }

        impl diesel::query_builder::QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        $(impl diesel::query_builder::Query for $name {
            type SqlType = $rows;
        })?
    };
}

pub(crate) use cached_statement;
