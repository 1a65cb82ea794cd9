/// Declares a statement that is prepared once per connection. Diesel prepares every `UPDATE` again, which costs more
/// than running it, so statements that every send runs use this macro. Text and bound fields alternate.
macro_rules! cached_statement {
    (
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $rust:ty),* $(,)? }
        $($head:literal $(, $bound:ident as $sql:ty)?),+ $(,)?
    ) => {
        $(#[$doc])*
        pub(crate) struct $name {
            $(pub(crate) $field: $rust,)*
        }

        impl diesel::query_builder::QueryFragment<diesel::sqlite::Sqlite> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::sqlite::Sqlite>,
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

        impl<Connection> diesel::RunQueryDsl<Connection> for $name {}
    };
}

pub(crate) use cached_statement;
