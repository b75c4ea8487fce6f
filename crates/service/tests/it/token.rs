//! Rows T24 to T29 of the threat model: tokens that must not pass.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};
use service::token::{TokenError, Verifier};
use testing::TestIssuer;
use testing::issuer::claims;

struct Case {
    issuer: TestIssuer,
    verifier: Verifier,
}

impl Case {
    async fn new() -> Self {
        let issuer = TestIssuer::start().await;
        let verifier = Verifier::new(issuer.settings()).unwrap();
        Self { issuer, verifier }
    }

    async fn refuses(&self, what: &str, token: &str, expected: TokenError) {
        assert_eq!(self.verifier.verify(token).await, Err(expected), "{what}");
    }

    /// A good token but for what `change` does to its claims.
    async fn refuses_claims(&self, what: &str, change: impl FnOnce(&mut Value), expected: TokenError) {
        let mut claims = serde_json::to_value(claims("user-1", "user")).unwrap();
        change(&mut claims);
        self.refuses(what, &self.issuer.sign(&claims), expected).await;
    }

    async fn refuses_header(&self, what: &str, change: impl FnOnce(&mut Header), expected: TokenError) {
        let mut header = self.issuer.header();
        change(&mut header);
        self.refuses(what, &self.issuer.sign_with(header, &claims("user-1", "user")), expected).await;
    }
}

/// A part of a token, from text that need not be good JSON.
fn part(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

#[tokio::test]
async fn a_good_token_gives_its_claims() {
    let case = Case::new().await;
    let claims = case.verifier.verify(&case.issuer.token("user-1", "user catalog:write")).await.unwrap();
    assert_eq!(
        (claims.sub.as_str(), claims.scope.as_slice()),
        ("user-1", ["user".to_owned(), "catalog:write".to_owned()].as_slice())
    );
    assert!(claims.has_scope("catalog:write") && !claims.has_scope("catalog"));
}

#[tokio::test]
async fn t24_t25_only_ed25519_is_an_algorithm() {
    let case = Case::new().await;
    let good = case.issuer.token("user-1", "user");
    let (claims_part, signature) = (good.split('.').nth(1).unwrap(), good.split('.').nth(2).unwrap());
    for alg in ["none", "None", "NONE", "", "HS256", "RS256", "ES256", "eddsa"] {
        let header = part(&json!({ "alg": alg, "typ": "at+jwt", "kid": "key-1" }).to_string());
        for signature in ["", signature] {
            let token = format!("{header}.{claims_part}.{signature}");
            case.refuses(alg, &token, TokenError::Header("alg")).await;
        }
    }
    let public = serde_json::to_string(&case.issuer.jwks()).unwrap();
    let mut header = Header::new(Algorithm::HS256);
    (header.typ, header.kid) = (Some("at+jwt".to_owned()), Some("key-1".to_owned()));
    let confused = encode(&header, &claims("user-1", "user"), &EncodingKey::from_secret(public.as_bytes())).unwrap();
    case.refuses("the public key as a secret", &confused, TokenError::Header("alg")).await;
}

#[tokio::test]
async fn t26_t28_headers_that_ask_for_more_or_less_are_refused() {
    let case = Case::new().await;
    let jwk = case.issuer.jwks().keys.remove(0);
    case.refuses_header("no typ", |header| header.typ = None, TokenError::Header("typ")).await;
    for typ in ["JWT", "rt+jwt", "at+jwt2", ""] {
        case.refuses_header(typ, |header| header.typ = Some(typ.to_owned()), TokenError::Header("typ")).await;
    }
    case.refuses_header("no kid", |header| header.kid = None, TokenError::Header("kid")).await;
    case.refuses_header("10 kB", |header| header.kid = Some("a".repeat(10_000)), TokenError::Malformed).await;
    case.refuses_header("1 kB", |header| header.kid = Some("a".repeat(1_000)), TokenError::Header("kid")).await;
    for kid in ["../../dev/null", "' OR 1=1 --", "key-2"] {
        case.refuses_header(kid, |header| header.kid = Some(kid.to_owned()), TokenError::UnknownKey).await;
    }
    case.refuses_header("crit", |header| header.crit = Some(vec!["exp".to_owned()]), TokenError::Header("crit")).await;
    case.refuses_header("jku", |header| header.jku = Some("http://evil".to_owned()), TokenError::Header("jku")).await;
    case.refuses_header("x5u", |header| header.x5u = Some("http://evil".to_owned()), TokenError::Header("x5u")).await;
    case.refuses_header("jwk", |header| header.jwk = Some(jwk), TokenError::Header("jwk")).await;
}

#[tokio::test]
async fn t27_claims_are_all_required_and_all_checked() {
    let case = Case::new().await;
    let now = get_current_timestamp();
    for (name, expected) in [
        ("exp", TokenError::Malformed),
        ("nbf", TokenError::Malformed),
        ("iat", TokenError::Malformed),
        ("iss", TokenError::Malformed),
        ("aud", TokenError::Malformed),
        ("sub", TokenError::Malformed),
        ("jti", TokenError::Malformed),
    ] {
        let drop_claim = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove(name));
        case.refuses_claims(name, drop_claim, expected).await;
    }
    let cases = [
        ("exp", json!(now - 60), TokenError::Expired),
        ("exp", json!("9999999999"), TokenError::Malformed),
        ("exp", json!(-1), TokenError::Malformed),
        ("nbf", json!(now + 60), TokenError::Claim("nbf")),
        ("iat", json!(now + 60), TokenError::Claim("iat")),
        ("iss", json!("https://elsewhere"), TokenError::Claim("iss")),
        ("iss", json!(["https://auth.mercado.internal"]), TokenError::Malformed),
        ("aud", json!("elsewhere"), TokenError::Claim("aud")),
        ("aud", json!(["mercado"]), TokenError::Malformed),
        ("sub", json!(""), TokenError::Claim("sub")),
        ("sub", json!(7), TokenError::Malformed),
        ("jti", json!(""), TokenError::Claim("jti")),
        ("scope", json!(["user"]), TokenError::Malformed),
    ];
    for (name, value, expected) in cases {
        let what = format!("{name} = {value}");
        case.refuses_claims(&what, |claims| claims[name] = value, expected).await;
    }
}

#[tokio::test]
async fn clocks_may_differ_a_little() {
    let case = Case::new().await;
    let now = get_current_timestamp();
    let mut skewed = claims("user-1", "user");
    (skewed.exp, skewed.nbf, skewed.iat) = (now - 5, now + 5, now + 5);
    case.verifier.verify(&case.issuer.sign(&skewed)).await.unwrap();
    let mut settings = case.issuer.settings();
    settings.leeway = std::time::Duration::from_secs(31);
    assert!(Verifier::new(settings).is_err());
}

#[tokio::test]
async fn t29_what_is_no_token_is_refused_without_asking_for_keys() {
    let case = Case::new().await;
    let good = case.issuer.token("user-1", "user");
    let parts: Vec<&str> = good.split('.').collect();
    let twice = part(r#"{"alg":"EdDSA","typ":"at+jwt","kid":"key-1","kid":"key-1"}"#);
    for token in [
        String::new(),
        "a".repeat(1 << 20),
        "..".to_owned(),
        format!("{good}.{}.{}", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
        format!("!!!.{}.{}", parts[1], parts[2]),
        format!("\u{0}\u{ffff}.{}.{}", parts[1], parts[2]),
    ] {
        case.refuses(&token.chars().take(40).collect::<String>(), &token, TokenError::Malformed).await;
    }
    let doubled = format!("{twice}.{}.{}", parts[1], parts[2]);
    assert!(case.verifier.verify(&doubled).await.is_err());
    assert_eq!(case.issuer.fetches(), 0);
}

#[tokio::test]
async fn t29_a_token_that_was_touched_is_refused() {
    let case = Case::new().await;
    let good = case.issuer.token("user-1", "user");
    let (head, signature) = good.rsplit_once('.').unwrap();
    let other = case.issuer.token("user-2", "users:write");
    let swapped = format!("{}.{}.{signature}", head.split('.').next().unwrap(), other.split('.').nth(1).unwrap());
    case.refuses("other claims", &swapped, TokenError::Signature).await;
    for token in [format!("{good}A"), format!("{good} "), format!("{good}\n"), good[..good.len() - 1].to_owned()] {
        assert!(case.verifier.verify(&token).await.is_err(), "{token}");
    }
    // Signed by the right key, but a claim is given twice: which one counts would be a matter of taste.
    let claims = serde_json::to_string(&claims("user-1", "user")).unwrap();
    let doubled: Box<serde_json::value::RawValue> =
        serde_json::from_str(&claims.replacen('{', r#"{"sub":"user-2","#, 1)).unwrap();
    case.refuses("two subjects", &case.issuer.sign(&doubled), TokenError::Malformed).await;
}
