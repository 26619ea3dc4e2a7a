# ब्राउज़र का पन्ना।

web-title = Suisai: फ़ोटो से चित्र
web-tagline = एक फ़ोटो दीजिए, और वह हाथ से बनी फ़िल्म के दृश्य जैसी बन जाएगी।
web-skip = सीधे चित्रफलक पर जाएँ
web-drop = फ़ोटो यहाँ छोड़िए या चिपकाइए
web-choose = फ़ोटो चुनिए
web-limits = JPEG, PNG, WebP या HEIC, { $mb } MB तक; एक बार में { $count }
web-chosen = चुनी हुई फ़ोटो
web-remove = यह फ़ोटो हटाइए
web-photo = आपकी फ़ोटो
web-style = शैली
web-strength = गहराई
web-barely = बस ज़रा-सा
web-boldest = सबसे गहरा
web-caption = अपने शब्दों में
web-caption-example = थोड़ा हल्का, #जलरंग, 80%…
web-paint = चित्र बनाइए
web-works = आपके चित्र
web-sending = भेजी जा रही है…
web-then = समय होते ही यह फ़ोटो अपने-आप ले ली जाएगी।
web-done = लीजिए, आपका चित्र।
web-painting-of = आपकी फ़ोटो का चित्र
web-compare = फ़ोटो और चित्र की तुलना
web-before = फ़ोटो
web-after = चित्र
web-download = डाउनलोड
web-again = फिर से
web-softer = हल्का
web-stronger = गहरा
web-other-styles = दूसरी शैली
web-cancel = रद्द कीजिए
web-cancelled = रद्द कर दिया गया।
web-hide = हटा दीजिए
web-retry = फिर कोशिश कीजिए
web-open = इसे पूरा दिखाइए
web-zoom = पूरा आकार
web-close = बंद कीजिए
web-share = साझा कीजिए
web-download-all = सभी डाउनलोड
web-no-photo = इस ब्राउज़र में वह फ़ोटो अब नहीं है।
web-too-heavy = यह फ़ोटो बहुत भारी है: ज़्यादा से ज़्यादा { $mb } MB तक चलेगी।
web-too-many = { $count ->
    [one] एक बार में एक ही फ़ोटो: पहली वाली रख ली गई है।
   *[other] एक बार में { $count } फ़ोटो: शुरू की फ़ोटो रख ली गई हैं।
}
web-offline = संपर्क टूट गया है। कोशिश जारी है, कुछ भी खोया नहीं है।
web-upload-failed = फ़ोटो पहुँच नहीं पाई। कृपया फिर कोशिश कीजिए।
web-unreachable = चित्रफलक तक अभी पहुँच नहीं हो पा रही। कृपया थोड़ी देर में फिर कोशिश कीजिए।
web-lost = यह अब यहाँ नहीं है।
web-privacy = चित्र बनते ही आपकी फ़ोटो मिटा दी जाती है; तुलना के लिए उसकी एक प्रति केवल इसी ब्राउज़र में रहती है। यहाँ चित्र कोई इंसान नहीं, मशीन बनाती है।
web-language = भाषा
web-forget = मेरा डेटा मिटाइए
web-forget-question = क्या यहाँ से आपकी सारी फ़ोटो और चित्र हमेशा के लिए मिटा दिए जाएँ?
web-forget-yes = हाँ, मिटा दीजिए
web-forget-no = नहीं, रहने दीजिए
web-forgotten = हो गया। आपका सब कुछ मिटा दिया गया।
web-noscript = आपकी फ़ोटो लेने के लिए इस पन्ने को JavaScript चाहिए।
