//! Reads the trait and refuses, with the reason, what could not be called on another machine.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, GenericArgument, Ident, ItemTrait, Lit, LitInt, LitStr, Meta, Path,
    PathArguments, Result, ReturnType, Token, TraitItem, TraitItemFn, Type, parenthesized,
};

/// `module = "…", version = 1, events(A, B)`
pub(crate) struct Arguments {
    pub(crate) module: LitStr,
    pub(crate) version: LitInt,
    pub(crate) events: Vec<Path>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (mut module, mut version, mut events) = (None, None, Vec::new());
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            match name.to_string().as_str() {
                "module" => {
                    input.parse::<Token![=]>()?;
                    module = Some(input.parse()?);
                }
                "version" => {
                    input.parse::<Token![=]>()?;
                    version = Some(input.parse()?);
                }
                "events" => {
                    let list;
                    parenthesized!(list in input);
                    events = Punctuated::<Path, Token![,]>::parse_terminated(&list)?.into_iter().collect();
                }
                _ => return Err(Error::new(name.span(), "expected `module`, `version` or `events`")),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let missing = |what| Error::new(input.span(), format!("a contract names its {what}"));
        Ok(Self {
            module: module.ok_or_else(|| missing("module"))?,
            version: version.ok_or_else(|| missing("version"))?,
            events,
        })
    }
}

pub(crate) struct Contract {
    pub(crate) arguments: Arguments,
    pub(crate) item: ItemTrait,
    pub(crate) methods: Vec<Method>,
}

pub(crate) struct Method {
    pub(crate) name: Ident,
    /// The field that makes a repeat harmless; reads have none.
    pub(crate) idempotent_by: Option<Ident>,
    pub(crate) request: Type,
    pub(crate) response: Type,
    pub(crate) error: Type,
    pub(crate) summary: String,
}

impl Contract {
    pub(crate) fn new(arguments: Arguments, mut item: ItemTrait) -> Result<Self> {
        if !item.generics.params.is_empty() {
            return Err(Error::new(item.generics.span(), "a contract has no generics: they cannot travel"));
        }
        let mut methods = Vec::new();
        for member in &mut item.items {
            match member {
                TraitItem::Fn(method) => methods.push(Method::new(method)?),
                other => return Err(Error::new(other.span(), "a contract has methods only")),
            }
        }
        Ok(Self { arguments, item, methods })
    }
}

impl Method {
    fn new(method: &mut TraitItemFn) -> Result<Self> {
        let signature = &method.sig;
        if signature.asyncness.is_none() {
            return Err(Error::new(signature.span(), "a contract method is `async`: the module may be far away"));
        }
        if !signature.generics.params.is_empty() {
            return Err(Error::new(signature.generics.span(), "a contract method has no generics: they cannot travel"));
        }
        if let Some(body) = &method.default {
            return Err(Error::new(body.span(), "a contract method has no body"));
        }
        let request = request_of(signature)?;
        let (response, error) = result_of(&signature.output)?;
        let name = signature.ident.clone();
        let summary = summary_of(&method.attrs);
        let idempotent_by = take_kind(&mut method.attrs, &name)?;
        Ok(Self { name, idempotent_by, request, response, error, summary })
    }
}

/// The type of `request` in `(&self, ctx: &CallCtx, request: Request)`.
fn request_of(signature: &syn::Signature) -> Result<Type> {
    const SHAPE: &str = "a contract method takes `&self, ctx: &CallCtx` and one owned request";
    let mut inputs = signature.inputs.iter();
    let (Some(FnArg::Receiver(receiver)), Some(FnArg::Typed(ctx)), Some(FnArg::Typed(request)), None) =
        (inputs.next(), inputs.next(), inputs.next(), inputs.next())
    else {
        return Err(Error::new(signature.span(), SHAPE));
    };
    if receiver.reference.is_none() || receiver.mutability.is_some() || !matches!(&*ctx.ty, Type::Reference(_)) {
        return Err(Error::new(signature.span(), SHAPE));
    }
    refuse_what_cannot_travel(&request.ty)?;
    Ok((*request.ty).clone())
}

fn refuse_what_cannot_travel(ty: &Type) -> Result<()> {
    match ty {
        Type::Reference(_) | Type::Ptr(_) => {
            Err(Error::new(ty.span(), "a reference cannot travel; pass an owned value"))
        }
        Type::ImplTrait(_) | Type::TraitObject(_) | Type::BareFn(_) => {
            Err(Error::new(ty.span(), "only plain data can travel"))
        }
        Type::Path(path) => {
            for segment in &path.path.segments {
                if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
                    for argument in &arguments.args {
                        if let GenericArgument::Type(inner) = argument {
                            refuse_what_cannot_travel(inner)?;
                        }
                    }
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// `T` and `E` of `-> Result<T, CallError<E>>`.
fn result_of(output: &ReturnType) -> Result<(Type, Type)> {
    const SHAPE: &str = "a contract method returns `Result<Answer, CallError<Error>>`: any call may fail by distance";
    let refusal = || Error::new(output.span(), SHAPE);
    let ReturnType::Type(_, ty) = output else { return Err(refusal()) };
    let [answer, failure] = arguments_of(ty, "Result").ok_or_else(refusal)?.try_into().map_err(|_| refusal())?;
    let [error] = arguments_of(&failure, "CallError").ok_or_else(refusal)?.try_into().map_err(|_| refusal())?;
    refuse_what_cannot_travel(&answer)?;
    Ok((answer, error))
}

fn arguments_of(ty: &Type, name: &str) -> Option<Vec<Type>> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let types = arguments.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.collect()
}

/// Takes `#[read]` or `#[write(idempotent_by = field)]` off the method.
fn take_kind(attributes: &mut Vec<Attribute>, method: &Ident) -> Result<Option<Ident>> {
    const SHAPE: &str = "mark the method `#[read]` or `#[write(idempotent_by = field_of_the_request)]`";
    let is_kind = |attribute: &Attribute| attribute.path().is_ident("read") || attribute.path().is_ident("write");
    let place = attributes.iter().position(is_kind).ok_or_else(|| Error::new(method.span(), SHAPE))?;
    let kind = attributes.remove(place);
    if let Some(second) = attributes.iter().find(|attribute| is_kind(attribute)) {
        return Err(Error::new(second.span(), "a method is either a read or a write"));
    }
    if kind.path().is_ident("read") {
        kind.meta.require_path_only()?;
        return Ok(None);
    }
    let mut field = None;
    let Meta::List(list) = &kind.meta else { return Err(Error::new(kind.span(), SHAPE)) };
    list.parse_nested_meta(|meta| {
        if !meta.path.is_ident("idempotent_by") {
            return Err(meta.error(SHAPE));
        }
        field = Some(meta.value()?.parse::<Ident>()?);
        Ok(())
    })?;
    field.map(Some).ok_or_else(|| Error::new(kind.span(), SHAPE))
}

/// The first paragraph of the documentation, on one line.
fn summary_of(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
