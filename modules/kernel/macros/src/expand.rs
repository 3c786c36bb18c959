//! Writes the code: the trait, its client, its router, its server and its description.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse_quote;

use crate::parse::{Contract, Method};

pub(crate) fn expand(contract: &Contract) -> TokenStream {
    let Contract { item, arguments, methods } = contract;
    let name = &item.ident;
    let (module, version, events) = (&arguments.module, &arguments.version, &arguments.events);

    // Shared between tasks and threads wherever it is placed.
    let mut shared = item.clone();
    shared.supertraits.push(parse_quote!(::std::marker::Send));
    shared.supertraits.push(parse_quote!(::std::marker::Sync));
    shared.supertraits.push(parse_quote!('static));

    let table = methods.iter().map(table_entry);
    let client = methods.iter().enumerate().map(|(number, method)| client_method(contract, number, method));
    let routed = methods.iter().enumerate().map(|(number, method)| routed_method(number, method));
    let served = methods.iter().enumerate().map(|(number, method)| served_method(name, number, method));
    let schemas = methods.iter().map(|method| {
        let (request, response, error) = (&method.request, &method.response, &method.error);
        quote! {
            ::kernel::contract::MethodSchemas {
                request: generator.subschema_for::<#request>().into(),
                response: generator.subschema_for::<#response>().into(),
                error: generator.subschema_for::<#error>().into(),
            }
        }
    });

    quote! {
        #[cfg_attr(feature = "mock", ::mockall::automock)]
        #[::kernel::__private::async_trait]
        #shared

        #[::kernel::__private::async_trait]
        impl #name for ::kernel::contract::Client<dyn #name> {
            #(#client)*
        }

        #[::kernel::__private::async_trait]
        impl #name for ::kernel::contract::Router<dyn #name> {
            #(#routed)*
        }

        impl ::kernel::contract::Contract for dyn #name {
            const MODULE: &'static str = #module;
            const VERSION: u32 = #version;
            const METHODS: &'static [::kernel::contract::Method] = &[#(#table),*];
            const EVENTS: &'static [&'static str] = &[#(<#events as ::kernel::event::Event>::KIND),*];

            fn client(transport: ::std::sync::Arc<dyn ::kernel::contract::Transport>) -> ::std::sync::Arc<Self> {
                ::std::sync::Arc::new(::kernel::contract::Client::<dyn #name>::new(transport))
            }

            fn routed(router: ::std::sync::Arc<::kernel::contract::Router<Self>>) -> ::std::sync::Arc<Self> {
                router
            }

            fn dispatch(
                service: ::std::sync::Arc<Self>,
                method: usize,
                ctx: ::kernel::CallCtx,
                request: ::kernel::contract::WireRequest,
            ) -> ::kernel::contract::BoxFuture<::kernel::contract::WireResponse> {
                ::std::boxed::Box::pin(async move {
                    match method {
                        #(#served)*
                        _ => ::kernel::contract::WireResponse::refused(
                            ::kernel::NotExecuted::UnknownMethod,
                            request.format,
                        ),
                    }
                })
            }

            fn schemas(
                generator: &mut ::kernel::__private::schemars::SchemaGenerator,
            ) -> ::std::vec::Vec<::kernel::contract::MethodSchemas> {
                ::std::vec![#(#schemas),*]
            }
        }
    }
}

fn table_entry(method: &Method) -> TokenStream {
    let (name, summary) = (method.name.to_string(), &method.summary);
    let kind = match &method.idempotent_by {
        None => quote!(::kernel::contract::MethodKind::Read),
        Some(field) => {
            let field = field.to_string();
            quote!(::kernel::contract::MethodKind::Write { idempotent_by: #field })
        }
    };
    quote!(::kernel::contract::Method { name: #name, kind: #kind, summary: #summary })
}

fn signature(method: &Method) -> TokenStream {
    let Method { name, request, response, error, .. } = method;
    quote! {
        async fn #name(
            &self,
            ctx: &::kernel::CallCtx,
            request: #request,
        ) -> ::std::result::Result<#response, ::kernel::CallError<#error>>
    }
}

fn client_method(contract: &Contract, number: usize, method: &Method) -> TokenStream {
    let (trait_name, signature) = (&contract.item.ident, signature(method));
    let key = match &method.idempotent_by {
        None => quote!(::std::option::Option::None),
        Some(field) => quote!(::std::option::Option::Some(request.#field.to_string())),
    };
    quote! {
        #signature {
            let method = &<dyn #trait_name as ::kernel::contract::Contract>::METHODS[#number];
            ::kernel::contract::call(self.transport(), ctx, method, #key, &request).await
        }
    }
}

fn routed_method(number: usize, method: &Method) -> TokenStream {
    let (name, signature) = (&method.name, signature(method));
    match method.idempotent_by {
        None => quote! {
            #signature {
                let slot = self.slot(#number);
                let route = slot.route();
                slot.read(ctx, route.target().#name(ctx, request)).await
            }
        },
        Some(_) => quote! {
            #signature {
                let slot = self.slot(#number);
                let route = slot.route();
                let owned = ctx.clone();
                slot.write(ctx, async move { route.target().#name(&owned, request).await }).await
            }
        },
    }
}

fn served_method(trait_name: &syn::Ident, number: usize, method: &Method) -> TokenStream {
    let (name, request) = (&method.name, &method.request);
    quote! {
        #number => match ::kernel::contract::read_request::<#request>(&request) {
            Ok(input) => {
                let result = #trait_name::#name(&*service, &ctx, input).await;
                ::kernel::contract::answer(result, request.format)
            }
            Err(refusal) => refusal,
        },
    }
}
